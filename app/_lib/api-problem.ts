import { TRPCClientError } from "@trpc/client";
import { ERROR_STATUS, type ErrorCode } from "../../server/contract/errors.ts";

/** A failed call, as pages show it. */
export interface ApiProblem {
	code: ErrorCode | "unreachable" | "unknown";
	message: string;
	field: string | null;
	requestId: string | null;
}

function isErrorCode(value: unknown): value is ErrorCode {
	return typeof value === "string" && value in ERROR_STATUS;
}

function textOf(value: unknown): string | null {
	return typeof value === "string" && value !== "" ? value : null;
}

const UNREACHABLE: ApiProblem = {
	code: "unreachable",
	message:
		"The control plane isn't responding. Caches keep serving, and this page resumes once it is back.",
	field: null,
	requestId: null,
};

/** Any thrown value → what to tell the user. Never throws. */
export function toApiProblem(error: unknown): ApiProblem {
	if (!(error instanceof TRPCClientError)) {
		const message = error instanceof Error ? error.message : String(error);
		return { code: "unknown", message, field: null, requestId: null };
	}
	const data: unknown = error.data;
	if (typeof data !== "object" || data === null) return UNREACHABLE;
	const { code, field, requestId } = data as Record<string, unknown>;
	return {
		code: isErrorCode(code) ? code : "unknown",
		message: error.message,
		field: textOf(field),
		requestId: textOf(requestId),
	};
}

/**
 * Whether the thing that was asked for doesn't exist. The API refuses a name that nothing can have; such a thing is missing
 * like any other.
 */
export function isMissing(error: unknown): boolean {
	const { code } = toApiProblem(error);
	return code === "not_found" || code === "invalid_argument";
}

/** Whether the same call may succeed later. */
export function isTransient(error: unknown): boolean {
	const { code } = toApiProblem(error);
	return code === "unreachable" || code === "unavailable";
}
