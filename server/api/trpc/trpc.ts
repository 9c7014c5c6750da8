import { initTRPC, TRPCError } from "@trpc/server";
import type {
	DefaultErrorShape,
	TRPC_ERROR_CODE_KEY,
} from "@trpc/server/unstable-core-do-not-import";
import { ZodError } from "zod";
import type { ConnectionFacts } from "../../auth/connection.ts";
import { deniedError, noteDenied } from "../../auth/deny.ts";
import type { Sessions } from "../../auth/sessions.ts";
import type { SetUp } from "../../auth/set-up.ts";
import { mayDo, type Scope } from "../../contract/access.ts";
import { AppError, ERROR_STATUS, type ErrorCode } from "../../contract/errors.ts";
import type { Caller, Resources } from "../../services/context.ts";
import { toAppError, unexpectedError } from "../errors.ts";
import type { Gate } from "../gate.ts";
import { refuseUnstorable } from "../refuse-unstorable.ts";

/** How a procedure appears under /api/v1. */
export interface RestRoute {
	method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
	/** With `{name}` for path parameters. */
	path: string;
	status: 200 | 201 | 202;
	/** Whether the response's status is 202 instead, because what was requested isn't done yet. */
	isPending?(output: unknown): boolean;
	tag:
		| "Caches"
		| "Snapshots"
		| "Stores"
		| "Strategy lab"
		| "Parameter groups"
		| "Hosts"
		| "Events"
		| "Catalog"
		| "Costs"
		| "Tokens"
		| "Users"
		| "Audit"
		| "Accelerators"
		| "Account"
		| "Control plane";
	summary: string;
	description?: string;
	/** For a response that is a stream; JSON if absent. */
	contentType?: string;
	/** The response for a caller that accepts text/csv. */
	csv?(output: unknown): string;
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
	/** This control plane's address, as the caller reached it. */
	origin: string;
	/** The gate that calls pass through. */
	gate: Gate;
	connection: ConnectionFacts;
	sessions: Sessions;
}

const TRPC_CODES: Readonly<Record<ErrorCode, TRPC_ERROR_CODE_KEY>> = {
	invalid_argument: "UNPROCESSABLE_CONTENT",
	malformed_request: "BAD_REQUEST",
	unauthenticated: "UNAUTHORIZED",
	forbidden: "FORBIDDEN",
	insecure_connection: "FORBIDDEN",
	not_found: "NOT_FOUND",
	already_exists: "CONFLICT",
	conflict: "CONFLICT",
	idempotency_mismatch: "CONFLICT",
	payload_too_large: "PAYLOAD_TOO_LARGE",
	rate_limited: "TOO_MANY_REQUESTS",
	internal: "INTERNAL_SERVER_ERROR",
	unavailable: "SERVICE_UNAVAILABLE",
};

/**
 * tRPC wraps what procedures throw, what their schemas refuse, and errors in the request itself. Of those
 * only INTERNAL_SERVER_ERROR may be a bug of ours: errors in a request's form are the caller's.
 */
export function unwrapTrpcError(error: TRPCError): AppError {
	const { cause, code, message } = error;
	if (cause instanceof AppError) return cause;
	if (code === "INTERNAL_SERVER_ERROR") return unexpectedError(cause ?? error);
	if (code === "BAD_REQUEST" && cause instanceof ZodError) return toAppError(cause);
	if (code === "NOT_FOUND") return new AppError("not_found", message);
	if (code === "PAYLOAD_TOO_LARGE") return new AppError("payload_too_large", message);
	return new AppError("malformed_request", message, { cause });
}

/** The same error with the tRPC code that matches its cause. */
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

const withStorableInput = t.middleware(async ({ getRawInput, next }) => {
	refuseUnstorable(await getRawInput());
	return next();
});

const throughGate = t.middleware(({ ctx, next }) => ctx.gate.pass(next));

export const publicProcedure = t.procedure
	.meta({ public: true })
	.use(withTransportCodes)
	.use(withStorableInput)
	.use(throughGate);

/**
 * A procedure for identified callers whose access includes `scope`. The one place where REST, tRPC and the CLI are
 * authorized.
 */
export function requires(scope: Scope) {
	return (
		t.procedure
			.meta({ scope })
			.use(withTransportCodes)
			.use(async ({ ctx, batchIndex, path, getRawInput, next }) => {
				if (ctx.caller === null) {
					throw new AppError(
						"unauthenticated",
						"Sign in, or send an API token as Authorization: Bearer <token>.",
					);
				}
				const caller = callerOf(ctx.caller, batchIndex);
				if (!mayDo(caller.access, scope)) {
					const input = await getRawInput();
					await ctx.gate.pass(() => noteDenied(ctx.resources, caller, { path, input }));
					throw deniedError(caller, path, scope);
				}
				return next({ ctx: { ...ctx, caller } });
			})
			// After the caller is known: a stranger learns nothing about what would be valid.
			.use(withStorableInput)
			.use(throughGate)
	);
}

/** A batch has one Idempotency-Key for all its calls, and each call is a request of its own. */
function callerOf(caller: Caller, batchIndex: number): Caller {
	if (caller.idempotencyKey === null || batchIndex === 0) return caller;
	return { ...caller, idempotencyKey: `${caller.idempotencyKey} ${batchIndex}` };
}
