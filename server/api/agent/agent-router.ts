import { initTRPC } from "@trpc/server";
import {
	alertInputSchema,
	alertResultSchema,
	enrolInputSchema,
	enrolResultSchema,
	reportInputSchema,
	reportResultSchema,
	watchInputSchema,
	watchResultSchema,
} from "../../contract/agent.ts";
import { enrolHost } from "../../fleet/enrol-host.ts";
import { ingestReport } from "../../fleet/ingest-report.ts";
import { takeAlert } from "../../fleet/take-alert.ts";
import { watchHost } from "../../fleet/watch-host.ts";
import type { Resources } from "../../services/context.ts";
import { formatTrpcError, toTrpcError } from "../trpc/trpc.ts";

export interface AgentContext {
	resources: Resources;
	requestId: string;
	/** Of this control plane; see the contract's desired state. */
	epoch: number;
	/** Answers `unauthenticated` for a credential that is unknown. */
	identifyHost(): Promise<string>;
}

const t = initTRPC.context<AgentContext>().create({ errorFormatter: formatTrpcError });

const procedure = t.procedure.use(async ({ next }) => {
	const result = await next();
	if (!result.ok) throw toTrpcError(result.error);
	return result;
});

const hostProcedure = procedure.use(async ({ ctx, next }) => {
	const result = await next({ ctx: { ...ctx, hostId: await ctx.identifyHost() } });
	// A host that was removed while it was being answered is told so, whatever that broke.
	if (!result.ok) await ctx.identifyHost();
	return result;
});

/** What agents call; the contract's agent.ts describes it. */
export const agentRouter = t.router({
	enrol: procedure
		.input(enrolInputSchema)
		.output(enrolResultSchema)
		.mutation(({ ctx, input }) => enrolHost(ctx.resources, input)),
	watch: hostProcedure
		.input(watchInputSchema)
		.output(watchResultSchema)
		.mutation(({ ctx, input, signal }) =>
			watchHost(ctx.resources, ctx.epoch, ctx.hostId, input, signal),
		),
	alert: hostProcedure
		.input(alertInputSchema)
		.output(alertResultSchema)
		.mutation(({ ctx, input }) => {
			takeAlert(ctx.resources, ctx.hostId, input);
			return { accepted: true as const };
		}),
	report: hostProcedure
		.input(reportInputSchema)
		.output(reportResultSchema)
		.mutation(async ({ ctx, input }) => {
			await ingestReport(ctx.resources, ctx.hostId, input);
			return { accepted: true as const, heartbeatMs: ctx.resources.fleet.heartbeatMs };
		}),
});
