import type { z } from "zod";
import type {
	Assignment,
	InstancePhase,
	instanceReasonSchema,
	Observation,
} from "../../server/contract/agent.ts";
import type { EngineState } from "../drivers/driver.ts";
import type { InstanceRecord } from "./instance-record.ts";
import { pendingParameters } from "./pending-parameters.ts";

export type InstanceReason = z.infer<typeof instanceReasonSchema>;

/** What is known of an instance at one moment, apart from its record. */
export interface InstanceView {
	readonly phase: InstancePhase;
	readonly reason: InstanceReason | null;
	readonly pid: number | null;
	/** Newest generation whose settings and role the engine has. */
	readonly convergedGeneration: number;
	readonly engineState: EngineState | null;
	/** As ISO 8601; null while it answers, or is expected to. */
	readonly silentSince: string | null;
}

export const INITIAL_VIEW: InstanceView = {
	phase: "waiting",
	reason: null,
	pid: null,
	convergedGeneration: -1,
	engineState: null,
	silentSince: null,
};

export function reasonOf(code: InstanceReason["code"], message: string): InstanceReason {
	return { code, message: message.slice(0, 2_000) };
}

/** What the control plane is told of an instance. */
export function observationOf(
	id: string,
	view: InstanceView,
	record: InstanceRecord | null,
	/** Null when nobody wants the instance any more. */
	assignment: Assignment | null,
): Observation {
	return {
		assignmentId: id,
		generation: view.convergedGeneration,
		phase: assignment === null ? "stopping" : view.phase,
		reason: view.reason,
		pid: view.pid,
		startedAt: view.pid === null ? null : (record?.startedAt ?? null),
		silentSince: view.pid === null ? null : view.silentSince,
		launchPermit: record?.launchPermit ?? -1,
		restarts: record?.restarts ?? 0,
		port: (view.pid === null ? null : record?.port) ?? assignment?.port ?? 0,
		reboot: record?.reboot ?? -1,
		pendingParameters: record === null ? [] : pendingParameters(assignment, record),
		engineState: view.engineState,
	};
}

/**
 * Whether an engine's state has changed in what somebody waits for. The offset alone rises with every write and is no
 * news; it travels with the next report.
 */
export function isStateNews(before: EngineState | null, after: EngineState | null): boolean {
	return stateKey(before) !== stateKey(after);
}

function stateKey(state: EngineState | null): string {
	return JSON.stringify(state === null ? null : { ...state, offset: 0 });
}

/** An observation's text without what is no news: two that are equal need no report of their own. */
export function newsKey(observation: Observation): string {
	const { engineState, ...rest } = observation;
	return JSON.stringify(rest) + stateKey(engineState);
}
