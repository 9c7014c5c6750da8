import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { identifyHost, recallHost } from "../../auth/identify-host.ts";
import type { Resources } from "../../services/context.ts";
import { fromHttpLayer, statusOf } from "../errors.ts";
import type { Gate } from "../gate.ts";
import { type AgentContext, agentCalls } from "./agent-calls.ts";
import { registerTransfers } from "./transfer-routes.ts";

/** A report from a host with a thousand nodes is larger than anything that people send. */
const BODY_LIMIT_BYTES = 16 * 1024 * 1024;

export interface AgentPluginOptions {
	resources: Resources;
	epoch: number;
	gate: Gate;
}

/**
 * Serves the agents' calls in tRPC's wire format, but without tRPC's server: a fleet sends hundreds of reports a second,
 * and converting their requests and responses to the web's was most of what each of them cost
 * (docs/decisions/0046-agents-without-trpc.md).
 */
export async function agentPlugin(
	app: FastifyInstance,
	options: AgentPluginOptions,
): Promise<void> {
	app.setErrorHandler(sendFailure);
	for (const [name, call] of Object.entries(agentCalls)) {
		app.post(`/${name}`, { bodyLimit: BODY_LIMIT_BYTES }, async (request, reply) => {
			const data = await call(contextOf(options, request, reply), request.body);
			return { result: { data } };
		});
	}
	registerTransfers(app, options.resources, (request, reply) =>
		contextOf(options, request, reply).identifyHost(),
	);
}

function contextOf(
	{ resources, epoch, gate }: AgentPluginOptions,
	{ id: requestId, ip: address, headers: { authorization }, log }: FastifyRequest,
	reply: FastifyReply,
): AgentContext {
	return {
		...{ resources, epoch, gate, requestId, address, arrivedAt: resources.clock.now() },
		// Hosts that have called before bypass the gate; strangers don't.
		identifyHost: async () =>
			recallHost(resources, authorization) ??
			(await gate.pass(() => identifyHost(resources, authorization))),
		isAwaited: () => !reply.raw.destroyed,
		hungUp() {
			const abort = new AbortController();
			// The agent may have gone while the control plane was finding out who it is.
			if (reply.raw.destroyed) abort.abort();
			// It closes after each answer too, and an abort makes an error with a stack.
			reply.raw.once("close", () => {
				if (!reply.raw.writableFinished) abort.abort();
			});
			return abort.signal;
		},
		noteProblem: (err, message) => log.warn({ err }, message),
	};
}

function sendFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
	const { code, message, field = null, details = null, cause = error } = fromHttpLayer(error);
	if (code === "internal") request.log.error({ err: cause, path: request.url }, "internal error");
	const httpStatus = statusOf(code);
	const data = { code, httpStatus, field, details, requestId: request.id };
	reply.code(httpStatus).send({ error: { message, data } });
}
