import { z } from "zod";
import { ERROR_STATUS, type ErrorCode } from "../../server/contract/errors.ts";
import { ServerClock, TIME_HEADER } from "../../server/contract/server-clock.ts";
import { CliError, EXIT, exitCodeOf } from "../exit-codes.ts";
import type { Connection } from "./connection.ts";

const REQUEST_TIMEOUT_MS = 30_000;

const errorBodySchema = z.object({
	error: z.object({
		code: z.enum(Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]]),
		message: z.string(),
		field: z.string().optional(),
		requestId: z.string().optional(),
	}),
});

export interface ApiRequest {
	method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
	/** Below /api/v1; the caller encodes what the user typed. */
	path: string;
	query?: Readonly<Record<string, string | number | undefined>>;
	body?: unknown;
	/** Makes a repeated POST safe. */
	idempotencyKey?: string;
}

/** The API refused a call. `code` is the API's own error code. */
export class ApiError extends CliError {
	readonly code: ErrorCode;
	constructor(code: ErrorCode, message: string, hints: readonly string[]) {
		super(message, exitCodeOf(code), hints);
		this.name = "ApiError";
		this.code = code;
	}
}

/** A client of REST /api/v1 that returns the answer's JSON. Failures are CliErrors with their exit codes. */
export interface ApiClient {
	call(request: ApiRequest): Promise<unknown>;
}

/** The control plane's time, according to its answers. */
export const serverClock = new ServerClock();

export function createApiClient({ url, token }: Connection): ApiClient {
	return {
		async call(request) {
			const target = new URL(`${url}/api/v1${request.path}`);
			for (const [name, value] of Object.entries(request.query ?? {})) {
				if (value !== undefined) target.searchParams.set(name, String(value));
			}
			let response: Response;
			let text: string;
			try {
				response = await fetch(target, {
					method: request.method,
					headers: {
						authorization: `Bearer ${token}`,
						...(request.body !== undefined && { "content-type": "application/json" }),
						...(request.idempotencyKey !== undefined && {
							"idempotency-key": request.idempotencyKey,
						}),
					},
					...(request.body !== undefined && { body: JSON.stringify(request.body) }),
					signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
				});
				text = await response.text();
				serverClock.note(response.headers.get(TIME_HEADER), Date.now());
			} catch (error) {
				throw new CliError(
					`The control plane at ${url} can't be reached (${reasonOf(error)}).`,
					EXIT.unreachable,
					["Is it running? Start it with npm start, or name another with --url or LARDER_URL."],
					{ cause: error },
				);
			}
			const body = parseJson(text);
			if (response.ok && body !== undefined) return body;
			throw toCliError(url, response.status, body);
		},
	};
}

function toCliError(url: string, status: number, body: unknown): CliError {
	const parsed = errorBodySchema.safeParse(body);
	if (!parsed.success) {
		return new CliError(
			`The server at ${url} isn't a Larder control plane (HTTP ${status}).`,
			EXIT.unreachable,
		);
	}
	const { code, message, field, requestId } = parsed.data.error;
	return new ApiError(code, message, [
		...(field === undefined ? [] : [`field: ${field}`]),
		...(requestId === undefined ? [] : [`request id: ${requestId}`]),
	]);
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		// The answer isn't a Larder control plane's; the caller reports that.
		return undefined;
	}
}

/** fetch hides the reason ("ECONNREFUSED") in the cause. */
function reasonOf(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	if (error.name === "TimeoutError") return "no answer within 30 s";
	const cause: unknown = error.cause;
	if (cause instanceof Error) return "code" in cause ? String(cause.code) : cause.message;
	return error.message;
}
