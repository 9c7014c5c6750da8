import type { z } from "zod";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type {
	ClientLimit,
	InstancePhase,
	instanceReasonSchema,
	ReportedObservation,
} from "../../server/contract/host-report.ts";
import type { EngineState } from "../drivers/driver.ts";
import type { InstanceRecord } from "./instance-record.ts";
import { pendingParameters } from "./pending-parameters.ts";

export type InstanceReason = z.infer<typeof instanceReasonSchema>;

/** What is known about an instance at one moment, apart from its record. */
export interface InstanceView {
	readonly phase: InstancePhase;
	readonly reason: InstanceReason | null;
	readonly pid: number | null;
	/** The newest generation whose settings and role the engine has. */
	readonly convergedGeneration: number;
	readonly engineState: EngineState | null;
	/** By `performance.now()`; null while it answers, and in the first moments of a silence. */
	readonly silentSince: number | null;
	/** It is silent because it is working. */
	readonly busy: boolean;
	/** Null if it serves as many clients as it should. */
	readonly clientLimit: ClientLimit | null;
}

export const INITIAL_VIEW: InstanceView = {
	phase: "waiting",
	reason: null,
	pid: null,
	convergedGeneration: -1,
	engineState: null,
	silentSince: null,
	busy: false,
	clientLimit: null,
};

export function reasonOf(code: InstanceReason["code"], message: string): InstanceReason {
	return { code, message: message.slice(0, 2_000) };
}

/** The report of an instance to the control plane. */
export function observationOf(
	id: string,
	view: InstanceView,
	record: InstanceRecord | null,
	/** Null if the instance is no longer wanted. */
	assignment: Assignment | null,
): ReportedObservation {
	return {
		assignmentId: id,
		generation: view.convergedGeneration,
		phase: assignment === null ? "stopping" : view.phase,
		reason: view.reason,
		pid: view.pid,
		startedAt: view.pid === null ? null : (record?.startedAt ?? null),
		silentForMs:
			view.pid === null || view.silentSince === null
				? null
				: Math.round(performance.now() - view.silentSince),
		busy: view.pid !== null && view.busy,
		launchPermit: record?.launchPermit ?? -1,
		restarts: record?.restarts ?? 0,
		port: (view.pid === null ? null : record?.port) ?? assignment?.port ?? 0,
		reboot: record?.reboot ?? -1,
		pendingParameters: record === null ? [] : pendingParameters(assignment, record),
		keptData: record?.keptData ?? false,
		...(record !== null && record.appendFiles !== "no" && { persisted: true }),
		...(record?.asleep === true && view.pid === null && { asleep: true }),
		...(isKeptForCluster(record, assignment) && view.pid === null && { fitsCluster: true }),
		clientLimit: view.pid === null ? null : view.clientLimit,
		engineState: view.engineState,
	};
}

/** Its data has been checked for that since it ended: the assignment that ended it has said so. */
function isKeptForCluster(record: InstanceRecord | null, assignment: Assignment | null): boolean {
	return record?.asleep === true && assignment?.elastic?.becomesCluster === true;
}

/**
 * Whether an engine's state has changed in a way that the control plane waits for. The offset alone rises
 * with every write and isn't news; the next report includes it.
 */
export function isStateNews(before: EngineState | null, after: EngineState | null): boolean {
	return stateKey(before) !== stateKey(after);
}

/** Slots that move while all are served aren't urgent: looking at each of them would take much of the processor. */
export function isUrgentNews(before: EngineState | null, after: EngineState | null): boolean {
	if (before?.cluster?.ok !== true || after?.cluster?.ok !== true)
		return isStateNews(before, after);
	const { view, slots } = before.cluster;
	return isStateNews(before, { ...after, cluster: { ...after.cluster, view, slots } });
}

function stateKey(state: EngineState | null): string {
	return JSON.stringify(state === null ? null : { ...state, offset: 0 });
}

/**
 * An observation's text without the parts that aren't news: if two are equal, no report is needed. Memory that the control
 * plane must hear of goes as an alert.
 */
export function newsKey(observation: ReportedObservation): string {
	const { engineState, silentForMs, elastic: _, ...rest } = observation;
	return JSON.stringify([rest, silentForMs !== null]) + stateKey(engineState);
}
