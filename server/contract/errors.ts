/**
 * The error codes of every door (tRPC, REST, CLI). A code is stable: automation may branch on it.
 * `message` says what is wrong and what to do; `field` names the input at fault, as a dotted path.
 */
export const ERROR_STATUS = {
	invalid_argument: 422,
	malformed_request: 400,
	unauthenticated: 401,
	forbidden: 403,
	/** A password or session would travel over plain HTTP. */
	insecure_connection: 403,
	not_found: 404,
	already_exists: 409,
	conflict: 409,
	idempotency_mismatch: 409,
	payload_too_large: 413,
	rate_limited: 429,
	internal: 500,
	unavailable: 503,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** The body of every error answer, REST and agent protocol alike. */
export interface ErrorBody {
	error: {
		code: ErrorCode;
		message: string;
		field?: string;
		details?: unknown;
		requestId: string;
	};
}

/** An expected failure. Anything else that is thrown is a defect and becomes `internal`. */
export class AppError extends Error {
	readonly code: ErrorCode;
	readonly field: string | undefined;
	readonly details: unknown;

	constructor(
		code: ErrorCode,
		message: string,
		options: { field?: string; details?: unknown; cause?: unknown } = {},
	) {
		super(message, { cause: options.cause });
		this.name = "AppError";
		this.code = code;
		this.field = options.field;
		this.details = options.details;
	}
}
