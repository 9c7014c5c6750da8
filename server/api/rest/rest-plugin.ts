import { TRPCError } from "@trpc/server";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../../contract/errors.ts";
import { fromHttpLayer, statusOf, toErrorBody } from "../errors.ts";
import { type Context, unwrapTrpcError } from "../trpc/trpc.ts";
import { openApiDocument } from "./openapi.ts";
import { type RestProcedure, restProcedures } from "./routes.ts";
import { snapshotFilesPlugin } from "./snapshot-files.ts";

/** Serves the procedures' REST routes under /api/v1, and the document that describes them. */
export async function restPlugin(
	app: FastifyInstance,
	options: { createContext: (request: FastifyRequest) => Promise<Context>; version: string },
): Promise<void> {
	// Few ask for it, and describing every procedure would take a tenth of the control plane's start.
	let document: ReturnType<typeof openApiDocument> | undefined;
	app.get("/openapi.json", async (request) => {
		requireCaller(await options.createContext(request));
		document ??= openApiDocument(options.version);
		return document;
	});
	await app.register(snapshotFilesPlugin, options);
	for (const procedure of restProcedures()) {
		const { method, path, contentType, csv } = procedure.route;
		app.route({
			method,
			url: path.replace(/\{(\w+)\}/g, ":$1"),
			async handler(request, reply) {
				const context = await options.createContext(request);
				// Before the input is checked: a stranger learns nothing about what would be valid.
				if (!procedure.isPublic) requireCaller(context);
				const result = await procedure.call(context, gatherInput(procedure, request));
				reply.code(statusAfter(procedure.route, result)).header("cache-control", "no-store");
				if (csv !== undefined && acceptsCsv(request)) {
					return reply.type("text/csv; charset=utf-8").send(csv(result));
				}
				if (contentType !== undefined) reply.type(contentType);
				return reply.send(result);
			},
		});
	}
}

function acceptsCsv({ headers }: FastifyRequest): boolean {
	return headers.accept?.split(",").some((type) => type.trim().startsWith("text/csv")) ?? false;
}

function statusAfter({ status, isPending }: RestProcedure["route"], result: unknown): number {
	return isPending?.(result) === true ? 202 : status;
}

function requireCaller(context: Context): void {
	if (context.caller !== null) return;
	throw new AppError(
		"unauthenticated",
		"Send an API token as Authorization: Bearer <token>. Make one in the console under API tokens, or with larder tokens create.",
	);
}

/** One object from path, query and body; the schema then refuses unknown fields. */
function gatherInput(procedure: RestProcedure, request: FastifyRequest): unknown {
	const params = request.params as Record<string, unknown>;
	const body = request.body ?? {};
	if (typeof body !== "object" || Array.isArray(body)) {
		throw new AppError("malformed_request", "The body must be a JSON object.");
	}
	for (const name of Object.keys(params)) {
		if (name in body) {
			throw new AppError("invalid_argument", `${name} belongs in the path, not in the body`, {
				field: name,
			});
		}
	}
	const query = request.query as Record<string, unknown>;
	// In the OpenAPI document, GET and DELETE have no body: fields are in the query. A DELETE's body is accepted as well.
	if (procedure.route.method === "GET") return { ...query, ...params };
	if (procedure.route.method === "DELETE") return { ...query, ...body, ...params };
	const stray = Object.keys(query)[0];
	if (stray !== undefined) {
		throw new AppError("invalid_argument", `unknown query parameter ${stray}`, { field: stray });
	}
	return { ...body, ...params };
}

/** Every error of the HTTP layer in one shape, whatever threw it. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
	const cause = error instanceof TRPCError ? unwrapTrpcError(error) : fromHttpLayer(error);
	if (cause.code === "internal") request.log.error({ err: cause.cause ?? error }, "internal error");
	reply.code(statusOf(cause.code)).send(toErrorBody(cause, request.id));
}
