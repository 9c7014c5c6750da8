import { ZodError } from "zod";
import { AppError, ERROR_STATUS, type ErrorBody, type ErrorCode } from "../contract/errors.ts";
import { saysDiskFull } from "../platform/disk-room.ts";

/**
 * Any thrown value as an AppError: the one map that every door shares. An unknown error tells the caller
 * nothing.
 */
export function toAppError(error: unknown): AppError {
	if (error instanceof AppError) return error;
	if (error instanceof ZodError) return fromZodError(error);
	return unexpectedError(error);
}

/**
 * Any value thrown while Fastify handles a request, as an AppError. Fastify's own refusals (a body that isn't JSON, or too
 * long) carry a status below 500.
 */
export function fromHttpLayer(error: unknown): AppError {
	if (error instanceof AppError) return error;
	const status = (error as { statusCode?: unknown }).statusCode;
	const message = error instanceof Error ? error.message : "The request isn't valid.";
	if (status === 413) return new AppError("payload_too_large", message, { cause: error });
	if (status === 429) return new AppError("rate_limited", message, { cause: error });
	if (typeof status === "number" && status >= 400 && status < 500) {
		return new AppError("malformed_request", message, { cause: error });
	}
	return toAppError(error);
}

/** Nothing was changed: the database rolls back what it can't finish. */
function diskFullError(cause: unknown): AppError {
	return new AppError(
		"unavailable",
		"The control plane's disk is full, so it could not store this change. Caches keep serving and fail over. Free some space on the disk that holds LARDER_HOME (or the PostgreSQL server's), and try again.",
		{ cause },
	);
}

/** A failure that no use case expects: a full disk, or a defect in Larder. */
export function unexpectedError(cause: unknown): AppError {
	if (saysDiskFull(cause)) return diskFullError(cause);
	return new AppError(
		"internal",
		"Something went wrong inside Larder. The control plane's log has the details under this request id.",
		{ cause },
	);
}

function fromZodError(error: ZodError): AppError {
	const issues = error.issues.map((issue) => ({
		field:
			issue.code === "unrecognized_keys"
				? [...issue.path, issue.keys[0] ?? ""].join(".")
				: issue.path.join("."),
		message:
			issue.code === "unrecognized_keys"
				? `unknown field ${issue.keys.join(", ")}; see the API reference for the fields that exist`
				: issue.message,
	}));
	const first = issues[0];
	const field = first?.field || undefined;
	return new AppError("invalid_argument", describe(first), {
		...(field !== undefined && { field }),
		details: { issues },
		cause: error,
	});
}

function describe(issue: { field: string; message: string } | undefined): string {
	if (issue === undefined) return "The request isn't valid.";
	return issue.field === "" || issue.message.includes(issue.field.split(".").at(-1) ?? "")
		? issue.message
		: `${issue.field}: ${issue.message}`;
}

export function statusOf(code: ErrorCode): number {
	return ERROR_STATUS[code];
}

export function toErrorBody(error: AppError, requestId: string): ErrorBody {
	return {
		error: {
			code: error.code,
			message: error.message,
			...(error.field !== undefined && { field: error.field }),
			...(error.details !== undefined && { details: error.details }),
			requestId,
		},
	};
}
