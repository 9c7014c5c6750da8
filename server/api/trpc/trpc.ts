import { initTRPC, TRPCError } from "@trpc/server";
import type {
	DefaultErrorShape,
	TRPC_ERROR_CODE_KEY,
} from "@trpc/server/unstable-core-do-not-import";
import type { SetUp } from "../../auth/set-up.ts";
import { AppError, ERROR_STATUS, type ErrorCode } from "../../contract/errors.ts";
import type { Caller, Resources } from "../../services/context.ts";
import { toAppError } from "../errors.ts";

/** What a role may be given. One table for console, API and CLI. */
export type Scope =
	| "cache:read"
	| "cache:create"
	| "cache:modify"
	| "cache:reboot"
	| "cache:failover"
	| "cache:delete"
	| "cache:credentials"
	| "parameter-group:read"
	| "parameter-group:manage"
	| "node-type:manage"
	| "host:read"
	| "host:join"
	| "host:manage"
	| "event:read"
	| "token:read"
	| "token:manage"
	| "control-plane:backup";

/** How a procedure appears under /api/v1. */
export interface RestRoute {
	method: "GET" | "POST" | "PATCH" | "DELETE";
	/** With `{name}` for path parameters. */
	path: string;
	status: 200 | 201 | 202;
	tag:
		| "Caches"
		| "Parameter groups"
		| "Hosts"
		| "Events"
		| "Catalogue"
		| "Tokens"
		| "Account"
		| "Control plane";
	summary: string;
	description?: string;
	/** Of an answer that is a stream; JSON when absent. */
	contentType?: string;
}

export interface Meta {
	rest?: RestRoute;
	scope?: Scope;
	/** Needs no caller. */
	public?: true;
}

export interface Context {
	resources: Resources;
	setUp: SetUp;
	caller: Caller | null;
	requestId: string;
	/** Where this control plane is reached, as the caller reached it. */
	origin: string;
}

const TRPC_CODES: Readonly<Record<ErrorCode, TRPC_ERROR_CODE_KEY>> = {
	invalid_argument: "UNPROCESSABLE_CONTENT",
	malformed_request: "BAD_REQUEST",
	unauthenticated: "UNAUTHORIZED",
	forbidden: "FORBIDDEN",
	not_found: "NOT_FOUND",
	already_exists: "CONFLICT",
	conflict: "CONFLICT",
	idempotency_mismatch: "CONFLICT",
	payload_too_large: "PAYLOAD_TOO_LARGE",
	rate_limited: "TOO_MANY_REQUESTS",
	internal: "INTERNAL_SERVER_ERROR",
	unavailable: "SERVICE_UNAVAILABLE",
};

/** tRPC wraps what procedures throw, and what it finds itself; the cause says more than the wrapping. */
export function unwrapTrpcError(error: TRPCError): AppError {
	if (error.cause !== undefined && error.code !== "PARSE_ERROR") return toAppError(error.cause);
	if (error.code === "NOT_FOUND") return new AppError("not_found", error.message);
	if (error.code === "INTERNAL_SERVER_ERROR") return toAppError(error);
	return new AppError("malformed_request", error.message);
}

/** The same error with the transport's code for its cause. */
export function toTrpcError(error: TRPCError): TRPCError {
	const cause = unwrapTrpcError(error);
	return new TRPCError({ code: TRPC_CODES[cause.code], message: cause.message, cause });
}

/** What clients see of an error, on both routers. */
export function formatTrpcError({ shape, error, ctx }: ErrorFormat) {
	const cause = unwrapTrpcError(error);
	return {
		...shape,
		message: cause.message,
		data: {
			code: cause.code,
			httpStatus: ERROR_STATUS[cause.code],
			field: cause.field ?? null,
			details: cause.details ?? null,
			requestId: ctx?.requestId ?? null,
		},
	};
}

interface ErrorFormat {
	shape: DefaultErrorShape;
	error: TRPCError;
	ctx: { requestId: string } | undefined;
}

const t = initTRPC.context<Context>().meta<Meta>().create({ errorFormatter: formatTrpcError });

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

const withTransportCodes = t.middleware(async ({ next }) => {
	const result = await next();
	if (!result.ok) throw toTrpcError(result.error);
	return result;
});

export const publicProcedure = t.procedure.meta({ public: true }).use(withTransportCodes);

/** A procedure for identified callers that may do `scope`. Every caller may do everything until there are roles. */
export function requires(scope: Scope) {
	return t.procedure
		.meta({ scope })
		.use(withTransportCodes)
		.use(({ ctx, next }) => {
			if (ctx.caller === null) {
				throw new AppError(
					"unauthenticated",
					"Sign in, or send an API token as Authorization: Bearer <token>.",
				);
			}
			return next({ ctx: { ...ctx, caller: ctx.caller } });
		});
}
