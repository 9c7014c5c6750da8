import type { Observation } from "../../contract/agent.ts";
import type { CacheStatus, ProgressStep } from "../../contract/index.ts";

/** What the planner looks at: wanted state and observations side by side, no row types. */
export interface CacheModel {
	name: string;
	status: CacheStatus;
	statusReason: string | null;
	progress: readonly ProgressStep[];
	automaticFailover: boolean;
	promotionRequested: boolean;
	portRequested: boolean;
	deleting: boolean;
	everAvailable: boolean;
	primaryNodeId: string | null;
	nodes: readonly NodeModel[];
}

export interface NodeModel {
	id: string;
	name: string;
	host: { name: string; online: boolean; address: string };
	port: number;
	generation: number;
	launchPermit: number;
	followsNodeId: string | null;
	/** Taken out of the host's desired state; the host hasn't confirmed yet. */
	removed: boolean;
	observation: Observation | null;
	/** The process that runs now has had its primary's data at some time. */
	hasSynced: boolean;
}

/** What the reconciler is to do next, beside writing the status. */
export type PlanAction =
	| { kind: "place" }
	| { kind: "promote"; nodeId: string }
	| { kind: "permit-launch"; nodeId: string }
	| { kind: "move-port"; nodeId: string }
	| { kind: "remove-nodes" }
	| { kind: "forget" };

export interface PlanEvent {
	severity: "info" | "warning" | "error";
	type: string;
	message: string;
	nodeName?: string;
}

export interface Plan {
	status: CacheStatus;
	statusReason: string | null;
	progress: ProgressStep[];
	becameAvailable: boolean;
	actions: PlanAction[];
	events: PlanEvent[];
}
