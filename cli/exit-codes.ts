import type { ErrorCode } from "../server/contract/errors.ts";

/** The meaning of the command's exit status. Part of the interface: scripts branch on it. */
export const EXIT = {
	ok: 0,
	failure: 1,
	invalidInput: 2,
	notFound: 3,
	notAllowed: 4,
	conflict: 5,
	unreachable: 6,
	timedOut: 7,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_ERROR_CODE: Record<ErrorCode, ExitCode> = {
	invalid_argument: EXIT.invalidInput,
	malformed_request: EXIT.invalidInput,
	payload_too_large: EXIT.invalidInput,
	unauthenticated: EXIT.notAllowed,
	forbidden: EXIT.notAllowed,
	insecure_connection: EXIT.notAllowed,
	not_found: EXIT.notFound,
	already_exists: EXIT.conflict,
	conflict: EXIT.conflict,
	idempotency_mismatch: EXIT.conflict,
	rate_limited: EXIT.failure,
	internal: EXIT.failure,
	unavailable: EXIT.unreachable,
};

export function exitCodeOf(code: ErrorCode): ExitCode {
	return BY_ERROR_CODE[code];
}

export const EXIT_CODES_HELP = `
Exit codes: 0 done · 1 failed · 2 invalid input · 3 not found · 4 not signed in or not allowed
            5 conflict · 6 control plane can't be reached · 7 waited too long`;

/** A failure that is shown to the user in words, without a stack trace. */
export class CliError extends Error {
	readonly exitCode: ExitCode;
	/** Further lines for people: what to do, a request id. */
	readonly hints: readonly string[];

	constructor(
		message: string,
		exitCode: ExitCode = EXIT.failure,
		hints: readonly string[] = [],
		options?: ErrorOptions,
	) {
		super(message, options);
		this.name = "CliError";
		this.exitCode = exitCode;
		this.hints = hints;
	}
}
