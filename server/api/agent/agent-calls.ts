import type { z } from "zod";
import { enrollInputSchema } from "../../contract/agent.ts";
import { watchInputSchema, watchResultSchema } from "../../contract/desired-state.ts";
import { alertMessageSchema } from "../../contract/host-alert.ts";
import { reportMessageSchema } from "../../contract/host-report.ts";
import {
	placedInputSchema,
	refuseTransferInputSchema,
	transferInputSchema,
} from "../../contract/transfer.ts";
import { noteProtocol, protocolOf, requireSpoken } from "../../fleet/agent-protocol.ts";
import { timedAlert, timedReport } from "../../fleet/arrival-times.ts";
import { enrollHost } from "../../fleet/enroll-host.ts";
import { ingestReport } from "../../fleet/ingest-report.ts";
import { takeAlert } from "../../fleet/take-alert.ts";
import { readTransfer, refuseTransfer, takePlaced } from "../../fleet/transfers.ts";
import { watchHost } from "../../fleet/watch-host.ts";
import type { Resources } from "../../services/context.ts";
import type { Gate } from "../gate.ts";
import { refuseUnstorable } from "../refuse-unstorable.ts";

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
	/** Whether the agent still waits for the answer. */
	isAwaited(): boolean;
	/** Aborts when it no longer does. */
	hungUp(): AbortSignal;
	/** Logs what went wrong though the call succeeds. */
	noteProblem(error: unknown, message: string): void;
}

type AgentCall<Answer> = (context: AgentContext, said: unknown) => Promise<Answer>;

/** A call that anyone may make. */
function strangersCall<Input, Answer>(
	schema: z.ZodType<Input>,
	answer: (context: AgentContext, input: Input) => Promise<Answer>,
): AgentCall<Answer> {
	return async (context, said) => {
		refuseUnstorable(said);
		requireSpoken(protocolOf(said));
		return await answer(context, schema.parse(said));
	};
}

/** A call for which a host must prove who it is, before anything that it says is looked at. */
function hostsCall<Input, Answer>(
	schema: z.ZodType<Input>,
	answer: (context: AgentContext & { hostId: string }, input: Input) => Promise<Answer>,
): AgentCall<Answer> {
	return async (context, said) => {
		const hostId = await context.identifyHost();
		try {
			refuseUnstorable(said);
			const version = protocolOf(said);
			await noteProtocol(context.resources, hostId, version);
			requireSpoken(version);
			return await answer({ ...context, hostId }, schema.parse(said));
		} catch (error) {
			// If the host was removed during the call, tell it so, whatever error that caused.
			await context.identifyHost();
			throw error;
		}
	};
}

/** What agents call; the contract's agent.ts describes it. Throws AppErrors, and Zod's for invalid input. */
export const agentCalls = {
	enrol: strangersCall(enrollInputSchema, ({ resources, gate, requestId, address }, input) =>
		gate.pass(() => enrollHost(resources, input, { requestId, address })),
	),
	watch: hostsCall(watchInputSchema, async ({ resources, epoch, hostId, hungUp }, held) =>
		// Its schema also leaves out what a host needn't know.
		watchResultSchema.parse(await watchHost(resources, epoch, hostId, held, hungUp())),
	),
	alert: hostsCall(alertMessageSchema, async ({ resources, hostId, arrivedAt }, alert) => {
		await takeAlert(resources, hostId, timedAlert(alert, arrivedAt));
		return { accepted: true as const };
	}),
	transfer: hostsCall(transferInputSchema, ({ resources, hostId }, { transferId, bootId }) =>
		readTransfer(resources, { hostId, transferId, bootId }),
	),
	placed: hostsCall(placedInputSchema, ({ resources, hostId }, { transferId, ...content }) =>
		takePlaced(resources, { hostId, transferId }, content),
	),
	refuseTransfer: hostsCall(
		refuseTransferInputSchema,
		async ({ resources, hostId }, { transferId, message }) => {
			await refuseTransfer(resources, { hostId, transferId }, message);
			return { accepted: true as const };
		},
	),
	report: hostsCall(reportMessageSchema, async (context, report) => {
		const { resources, hostId, arrivedAt, isAwaited, noteProblem } = context;
		const timed = timedReport(report, arrivedAt);
		const { readingsError } = await ingestReport(resources, hostId, timed, isAwaited);
		const { fleet } = resources;
		const ecpuShares = fleet.elastic.sharesOn(hostId);
		const answer = {
			...{ accepted: true as const, heartbeatMs: fleet.heartbeatMs },
			...(ecpuShares.length > 0 && { ecpuShares }),
		};
		if (readingsError === null) return answer;
		noteProblem(readingsError, "a host's metrics and usage aren't stored yet; it sends them again");
		return { ...answer, readingsStored: false };
	}),
} as const;
