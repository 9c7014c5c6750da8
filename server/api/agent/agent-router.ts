import { initTRPC } from "@trpc/server";
import { enrollInputSchema, enrollResultSchema } from "../../contract/agent.ts";
import { watchInputSchema, watchResultSchema } from "../../contract/desired-state.ts";
import {
	alertMessageSchema,
	alertResultSchema,
	reportMessageSchema,
	reportResultSchema,
} from "../../contract/host-report.ts";
import { noteProtocol, protocolOf, requireSpoken } from "../../fleet/agent-protocol.ts";
import { timedAlert, timedReport } from "../../fleet/arrival-times.ts";
import { enrollHost } from "../../fleet/enroll-host.ts";
import { ingestReport } from "../../fleet/ingest-report.ts";
import { takeAlert } from "../../fleet/take-alert.ts";
import { watchHost } from "../../fleet/watch-host.ts";
import type { Resources } from "../../services/context.ts";
import type { Gate } from "../gate.ts";
import { refuseUnstorable } from "../refuse-unstorable.ts";
import { formatTrpcError, toTrpcError } from "../trpc/trpc.ts";

export interface AgentContext {
	resources: Resources;
	requestId: string;
	/** The client's address. */
	address: string;
	/** According to this control plane's clock. */
	arrivedAt: Date;
	/** Epoch of this control plane; see the contract's desired state. */
	epoch: number;
	/** For calls of unidentified hosts. */
	gate: Gate;
	/** Throws `unauthenticated` for an unknown credential. */
	identifyHost(): Promise<string>;
}

const t = initTRPC.context<AgentContext>().create({ errorFormatter: formatTrpcError });

const withTransportCodes = t.middleware(async ({ next }) => {
	const result = await next();
	if (!result.ok) throw toTrpcError(result.error);
	return result;
});
const withStorableInput = t.middleware(async ({ getRawInput, next }) => {
	refuseUnstorable(await getRawInput());
	return next();
});

const inSpokenVersion = t.middleware(async ({ getRawInput, next }) => {
	requireSpoken(protocolOf(await getRawInput()));
	return next();
});

const procedure = t.procedure.use(withTransportCodes);

const strangerProcedure = procedure.use(withStorableInput).use(inSpokenVersion);

const hostProcedure = procedure
	.use(async ({ ctx, next }) => {
		const result = await next({ ctx: { ...ctx, hostId: await ctx.identifyHost() } });
		// If the host was removed during the call, tell it so, whatever error that caused.
		if (!result.ok) await ctx.identifyHost();
		return result;
	})
	.use(withStorableInput)
	.use(async ({ ctx, getRawInput, next }) => {
		await noteProtocol(ctx.resources, ctx.hostId, protocolOf(await getRawInput()));
		return next();
	})
	.use(inSpokenVersion);

/** What agents call; the contract's agent.ts describes it. */
export const agentRouter = t.router({
	enrol: strangerProcedure
		.input(enrollInputSchema)
		.output(enrollResultSchema)
		.mutation(({ ctx, input }) =>
			ctx.gate.pass(() =>
				enrollHost(ctx.resources, input, { requestId: ctx.requestId, address: ctx.address }),
			),
		),
	watch: hostProcedure
		.input(watchInputSchema)
		.output(watchResultSchema)
		.mutation(({ ctx, input, signal }) =>
			watchHost(ctx.resources, ctx.epoch, ctx.hostId, input, signal),
		),
	alert: hostProcedure
		.input(alertMessageSchema)
		.output(alertResultSchema)
		.mutation(async ({ ctx, input }) => {
			await takeAlert(ctx.resources, ctx.hostId, timedAlert(input, ctx.arrivedAt));
			return { accepted: true as const };
		}),
	report: hostProcedure
		.input(reportMessageSchema)
		.output(reportResultSchema)
		.mutation(async ({ ctx, input }) => {
			await ingestReport(ctx.resources, ctx.hostId, timedReport(input, ctx.arrivedAt));
			return { accepted: true as const, heartbeatMs: ctx.resources.fleet.heartbeatMs };
		}),
});
