import { randomUUID } from "node:crypto";
import { constants } from "node:zlib";
import compress from "@fastify/compress";
import { getTRPCErrorFromUnknown, type TRPCError } from "@trpc/server";
import { type FastifyTRPCPluginOptions, fastifyTRPCPlugin } from "@trpc/server/adapters/fastify";
import fastify, {
	type FastifyBaseLogger,
	type FastifyInstance,
	type FastifyRequest,
	LogController,
} from "fastify";
import type { Logger } from "../../platform/logger.ts";
import { auditSession } from "../auth/audit-session.ts";
import { connectionFacts, requireSafeConnection } from "../auth/connection.ts";
import { type Identification, identifyCaller } from "../auth/identify-caller.ts";
import { SESSION_ROUTES } from "../auth/session-routes.ts";
import { CLIENT_IP_HEADER } from "../auth/sessions.ts";
import type { SetUp } from "../auth/set-up.ts";
import { AppError } from "../contract/errors.ts";
import { TIME_HEADER } from "../contract/server-clock.ts";
import { DatabaseProbe } from "../data/database-probe.ts";
import { agentPlugin } from "./agent/agent-plugin.ts";
import { toErrorBody } from "./errors.ts";
import { Gate } from "./gate.ts";
import { refuseUnstorable } from "./refuse-unstorable.ts";
import { type PageHandler, renderPage } from "./render-page.ts";
import { requireHost, requireTrpcRequest } from "./request-target.ts";
import { restPlugin, sendError } from "./rest/rest-plugin.ts";
import { type AppRouter, appRouter } from "./trpc/router.ts";
import { type Context, toTrpcError } from "./trpc/trpc.ts";

const BODY_LIMIT_BYTES = 1024 * 1024;

/**
 * A call takes one place. More calls at the same time wouldn't be faster, because they share a thread and the embedded
 * database.
 */
const CALLS = { places: 8, waitingMax: 1_000 };
const COMPRESSED_FROM_BYTES = 8 * 1024;
/** Passwords are hashed in the thread pool that also reads files. */
const SIGN_INS = { places: 2, waitingMax: 20 };

const SECURITY_HEADERS = {
	"x-content-type-options": "nosniff",
	"x-frame-options": "DENY",
	"referrer-policy": "same-origin",
	// Next puts its bootstrap into inline scripts; everything else comes from this origin alone.
	"content-security-policy":
		"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'",
};

export interface HttpServerOptions {
	identification: Identification;
	/** Proxies whose X-Forwarded headers are trusted. */
	trustedProxies: string[];
	setUp: SetUp;
	epoch: number;
	version: string;
	logger: Logger;
	/** Renders the console; null if there is none. */
	pages: PageHandler | null;
}

/** Every API on one port; all other paths go to the console. */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
	const app: FastifyInstance = fastify({
		loggerInstance: options.logger as FastifyBaseLogger,
		logController: new LogController({ disableRequestLogging: true }),
		genReqId: () => randomUUID(),
		bodyLimit: BODY_LIMIT_BYTES,
		// tRPC puts the names of batched calls into the path.
		routerOptions: { maxParamLength: 5_000 },
		forceCloseConnections: true,
		trustProxy: options.trustedProxies.length > 0 && options.trustedProxies,
	});
	app.addHook("onRequest", async (request, reply) => {
		reply.headers({ ...SECURITY_HEADERS, "x-request-id": request.id });
		requireHost(request);
	});
	app.addHook("onSend", async (_request, reply) => {
		reply.header(TIME_HEADER, Date.now());
	});
	// Long responses are mostly columns of numbers: a fast brotli shrinks them to a tenth. A short one takes longer to
	// compress than to send.
	await app.register(compress, {
		threshold: COMPRESSED_FROM_BYTES,
		encodings: ["br", "gzip"],
		brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } },
	});
	app.setErrorHandler(sendError);
	acceptEmptyJson(app);
	const probe = new DatabaseProbe(options.identification.resources.db);
	app.get("/healthz", async (_request, reply) => {
		const answers = await probe.answers();
		reply.code(answers ? 200 : 503);
		return { status: answers ? "ok" : "the database doesn't answer", version: options.version };
	});

	const { identification, setUp } = options;
	const gate = new Gate(CALLS);
	const createContext = async (request: FastifyRequest): Promise<Context> => ({
		...{ resources: identification.resources, sessions: identification.sessions.secure, setUp },
		gate,
		caller: await gate.pass(() => identifyCaller(identification, request)),
		requestId: request.id,
		origin: `${request.protocol}://${request.host}`,
		connection: connectionFacts(request, identification.trustsNetwork),
	});
	await app.register(
		async (scope) => restPlugin(scope, { createContext, version: options.version }),
		{ prefix: "/api/v1" },
	);
	await app.register(async (scope) => {
		scope.addHook("onRequest", requireTrpcRequest);
		await scope.register(fastifyTRPCPlugin, {
			prefix: "/api/trpc",
			trpcOptions: {
				router: appRouter,
				createContext: ({ req }) => createContext(req).catch(rethrowForTrpc),
				onError: logInternalErrors(options.logger),
			} satisfies FastifyTRPCPluginOptions<AppRouter>["trpcOptions"],
		});
	});
	const { resources } = identification;
	await app.register(
		async (scope) => agentPlugin(scope, { resources, epoch: options.epoch, gate }),
		{
			prefix: "/api/agent",
		},
	);
	registerSessions(app, options);
	registerPages(app, options.pages, createContext);
	return app;
}

/** Clients that always send a content type also send it with DELETE, where there is nothing to parse. */
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

/** tRPC treats a plain error from `createContext` as an internal error; a refused token isn't one. */
function rethrowForTrpc(error: unknown): never {
	throw toTrpcError(getTRPCErrorFromUnknown(error));
}

function logInternalErrors(logger: Logger) {
	return ({ error, path }: { error: TRPCError; path: string | undefined }) => {
		if (error.code !== "INTERNAL_SERVER_ERROR") return;
		logger.error({ err: error.cause ?? error, path }, "internal error");
	};
}

/** better-auth speaks Fetch; this translates requests and responses. */
function registerSessions(app: FastifyInstance, { identification }: HttpServerOptions): void {
	const gate = new Gate(SIGN_INS);
	for (const { method, path } of SESSION_ROUTES) {
		app.route({
			method,
			url: `/api/auth${path}`,
			async handler(request, reply) {
				const answer = await gate.pass(() => answerSession(identification, request, path));
				reply.code(answer.status);
				for (const [name, value] of answer.headers) {
					if (name !== "set-cookie") reply.header(name, value);
				}
				const cookies = answer.headers.getSetCookie();
				if (cookies.length > 0) reply.header("set-cookie", cookies);
				return reply.send(answer.text);
			},
		});
	}
}

/** Sign-in is refused over an unsafe connection (connection.ts), so there is no session to end or show there either. */
async function answerSession(
	{ resources, sessions, trustsNetwork }: Identification,
	request: FastifyRequest,
	path: string,
) {
	const facts = connectionFacts(request, trustsNetwork);
	requireSafeConnection(facts);
	const door = sessions[facts.protocol === "https" ? "secure" : "plain"];
	const asked = toFetchRequest(request);
	const before =
		path === "/sign-out" ? await door.api.getSession({ headers: asked.headers }) : null;
	const answer = await door.handler(asked);
	const { status, headers } = answer;
	const text = answer.body === null ? null : await answer.text();
	await auditSession(resources, {
		...{ path, body: request.body, user: before?.user ?? null },
		...{ requestId: request.id, address: request.ip, answer: { status, text: text ?? "" } },
	});
	return { status, headers, text };
}

function toFetchRequest(request: FastifyRequest): Request {
	const { method, body, query } = request;
	if (body !== undefined && (typeof body !== "object" || body === null || Array.isArray(body))) {
		throw new AppError("malformed_request", "The body must be a JSON object.");
	}
	refuseUnstorable({ ...(query as object), ...body });
	const headers = new Headers();
	for (const [name, value] of Object.entries(request.headers)) {
		if (typeof value === "string") headers.set(name, value);
	}
	headers.set(CLIENT_IP_HEADER, request.ip);
	headers.delete("content-length");
	return new Request(`${request.protocol}://${request.host || "localhost"}${request.url}`, {
		method,
		headers,
		...(body !== undefined && { body: JSON.stringify(body) }),
	});
}

function registerPages(
	app: FastifyInstance,
	pages: PageHandler | null,
	createContext: (request: FastifyRequest) => Promise<Context>,
): void {
	app.setNotFoundHandler(async (request, reply) => {
		// HTTP also allows `*` and whole URLs as targets; Next fails on the former, and redirects to the latter's host.
		const isPage = /^\/(?!api\/)/.test(request.url) && ["GET", "HEAD"].includes(request.method);
		if (!isPage || pages === null) {
			const error = new AppError(
				"not_found",
				`${request.method} ${request.url.split("?")[0]} doesn't exist.`,
			);
			return reply.code(404).send(toErrorBody(error, request.id));
		}
		await renderPage(pages, request, reply, createContext);
	});
}
