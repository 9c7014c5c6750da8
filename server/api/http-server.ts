import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { getTRPCErrorFromUnknown, type TRPCError } from "@trpc/server";
import { type FastifyTRPCPluginOptions, fastifyTRPCPlugin } from "@trpc/server/adapters/fastify";
import fastify, {
	type FastifyBaseLogger,
	type FastifyInstance,
	type FastifyRequest,
	LogController,
} from "fastify";
import type { Logger } from "../../platform/logger.ts";
import { type Identification, identifyCaller } from "../auth/identify-caller.ts";
import { identifyHost } from "../auth/identify-host.ts";
import { CLIENT_IP_HEADER } from "../auth/sessions.ts";
import type { SetUp } from "../auth/set-up.ts";
import { AppError } from "../contract/errors.ts";
import { type AgentContext, agentRouter } from "./agent/agent-router.ts";
import { toErrorBody } from "./errors.ts";
import { restPlugin, sendError } from "./rest/rest-plugin.ts";
import { type AppRouter, appRouter } from "./trpc/router.ts";
import { type Context, toTrpcError } from "./trpc/trpc.ts";

const BODY_LIMIT_BYTES = 1024 * 1024;
/** A report of a host with a thousand nodes is larger than anything that people send. */
const AGENT_BODY_LIMIT_BYTES = 16 * 1024 * 1024;

const SECURITY_HEADERS = {
	"x-content-type-options": "nosniff",
	"x-frame-options": "DENY",
	"referrer-policy": "same-origin",
	// Next puts its bootstrap into inline scripts; everything else comes from this origin alone.
	"content-security-policy":
		"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'",
};

export type PageHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface HttpServerOptions {
	identification: Identification;
	setUp: SetUp;
	epoch: number;
	version: string;
	logger: Logger;
	/** Renders the console; null where there is none. */
	pages: PageHandler | null;
}

/** Every API on one port; what no API takes goes to the console. */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
	const app: FastifyInstance = fastify({
		loggerInstance: options.logger as FastifyBaseLogger,
		logController: new LogController({ disableRequestLogging: true }),
		genReqId: () => randomUUID(),
		bodyLimit: BODY_LIMIT_BYTES,
		// tRPC puts the names of batched calls into the path.
		routerOptions: { maxParamLength: 5_000 },
		forceCloseConnections: true,
	});
	app.addHook("onRequest", async (request, reply) => {
		reply.headers({ ...SECURITY_HEADERS, "x-request-id": request.id });
	});
	app.setErrorHandler(sendError);
	acceptEmptyJson(app);
	app.get("/healthz", async () => ({ status: "ok", version: options.version }));

	const createContext = async (request: FastifyRequest): Promise<Context> => ({
		resources: options.identification.resources,
		setUp: options.setUp,
		caller: await identifyCaller(options.identification, request),
		requestId: request.id,
		origin: `${request.protocol}://${request.host}`,
	});
	await app.register(
		async (scope) => restPlugin(scope, { createContext, version: options.version }),
		{ prefix: "/api/v1" },
	);
	await app.register(fastifyTRPCPlugin, {
		prefix: "/api/trpc",
		trpcOptions: {
			router: appRouter,
			createContext: ({ req }) => createContext(req).catch(rethrowForTrpc),
			onError: logInternalErrors(options.logger),
		} satisfies FastifyTRPCPluginOptions<AppRouter>["trpcOptions"],
	});
	await registerAgentApi(app, options);
	registerSessions(app, options);
	registerPages(app, options.pages);
	return app;
}

/** Clients that always name a content type send it with DELETE too, where there is nothing to parse. */
function acceptEmptyJson(app: FastifyInstance): void {
	const parse = app.getDefaultJsonParser("error", "error");
	app.addContentTypeParser<string>(
		"application/json",
		{ parseAs: "string" },
		(request, body, done) => {
			if (body === "") done(null, undefined);
			else parse(request, body, done);
		},
	);
}

/** tRPC takes a plain error from a context for a defect of ours; a refused token isn't one. */
function rethrowForTrpc(error: unknown): never {
	throw toTrpcError(getTRPCErrorFromUnknown(error));
}

function logInternalErrors(logger: Logger) {
	return ({ error, path }: { error: TRPCError; path: string | undefined }) => {
		if (error.code !== "INTERNAL_SERVER_ERROR") return;
		logger.error({ err: error.cause ?? error, path }, "internal error");
	};
}

async function registerAgentApi(app: FastifyInstance, options: HttpServerOptions): Promise<void> {
	const { resources } = options.identification;
	await app.register(async (scope) => {
		scope.addHook("onRoute", (route) => {
			route.bodyLimit = AGENT_BODY_LIMIT_BYTES;
		});
		await scope.register(fastifyTRPCPlugin, {
			prefix: "/api/agent",
			trpcOptions: {
				router: agentRouter,
				createContext: ({ req }): AgentContext => ({
					resources,
					requestId: req.id,
					epoch: options.epoch,
					identifyHost: () => identifyHost(resources, req.headers.authorization),
				}),
				onError: ({ error, path }) => {
					if (error.code === "INTERNAL_SERVER_ERROR") {
						options.logger.error({ err: error.cause ?? error, path }, "internal error");
					}
				},
			} satisfies FastifyTRPCPluginOptions<typeof agentRouter>["trpcOptions"],
		});
	});
}

/** better-auth speaks Fetch; this carries its requests and answers over. */
function registerSessions(app: FastifyInstance, { identification }: HttpServerOptions): void {
	app.route({
		method: ["GET", "POST"],
		url: "/api/auth/*",
		async handler(request, reply) {
			const headers = new Headers();
			for (const [name, value] of Object.entries(request.headers)) {
				if (typeof value === "string") headers.set(name, value);
			}
			headers.set(CLIENT_IP_HEADER, request.ip);
			headers.delete("content-length");
			const response = await identification.sessions.handler(
				new Request(`${request.protocol}://${request.host}${request.url}`, {
					method: request.method,
					headers,
					...(request.body !== undefined && { body: JSON.stringify(request.body) }),
				}),
			);
			reply.code(response.status);
			for (const [name, value] of response.headers) {
				if (name !== "set-cookie") reply.header(name, value);
			}
			const cookies = response.headers.getSetCookie();
			if (cookies.length > 0) reply.header("set-cookie", cookies);
			return reply.send(response.body === null ? null : await response.text());
		},
	});
}

function registerPages(app: FastifyInstance, pages: PageHandler | null): void {
	app.setNotFoundHandler(async (request, reply) => {
		const isPage = !request.url.startsWith("/api/") && ["GET", "HEAD"].includes(request.method);
		if (!isPage || pages === null) {
			const error = new AppError(
				"not_found",
				`${request.method} ${request.url.split("?")[0]} doesn't exist.`,
			);
			return reply.code(404).send(toErrorBody(error, request.id));
		}
		for (const [name, value] of Object.entries(reply.getHeaders())) {
			if (value !== undefined) reply.raw.setHeader(name, value);
		}
		reply.hijack();
		await pages(request.raw, reply.raw);
	});
}
