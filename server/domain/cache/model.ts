import type { Observation } from "../../contract/agent.ts";
import type { CacheStatus, ClusterMode, Engine, ProgressStep } from "../../contract/index.ts";

/** What the planner looks at: wanted state and observations side by side, no row types. */
export interface CacheModel {
	name: string;
	engine: Engine;
	clusterMode: ClusterMode;
	status: CacheStatus;
	statusReason: string | null;
	progress: readonly ProgressStep[];
	automaticFailover: boolean;
	promotionRequested: boolean;
	portRequested: boolean;
	/** Of the primary or configuration endpoint; null while none is assigned. */
	port: number | null;
	deleting: boolean;
	everAvailable: boolean;
	shards: readonly ShardModel[];
	/** What CLUSTER SLOTS is to show on every node, hashed as agents hash it; null without cluster mode. */
	expectedView: string | null;
	/** Ids of the nodes that Memcached's auto discovery names. */
	discoveryNodeIds: readonly string[];
	/** Of hosts that report. */
	gateways: readonly GatewayModel[];
}

export interface ShardModel {
	id: string;
	index: number;
	/** Such as 0-5460; null without cluster mode. */
	slots: string | null;
	/** Which node is to lead. Null before placement, and for Memcached. */
	primaryNodeId: string | null;
	nodes: readonly NodeModel[];
}

export interface NodeModel {
	id: string;
	/** How the engine knows it in a cluster. */
	clusterNodeId: string;
	name: string;
	host: { name: string; online: boolean; address: string };
	port: number;
	generation: number;
	launchPermit: number;
	reboot: number;
	rebootPending: boolean;
	followsNodeId: string | null;
	/** Taken out of the host's desired state; the host hasn't confirmed yet. */
	removed: boolean;
	observation: Observation | null;
	/** The process that runs now has had its primary's data at some time. */
	hasSynced: boolean;
}

/** A host's gateway, as far as this cache is concerned. */
export interface GatewayModel {
	hostName: string;
	/** `unknown`: the host hasn't said. */
	phase: "off" | "starting" | "running" | "failed" | "unknown";
	ready: boolean;
	problem: { code: "port-taken" | "failed"; message: string } | null;
}

/** What the reconciler is to do next, beside writing the status. */
export type PlanAction =
	| { kind: "place" }
	| { kind: "assign-ports" }
	| { kind: "promote"; nodeId: string }
	| { kind: "permit-launch"; nodeId: string }
	| { kind: "reboot"; nodeId: string }
	| { kind: "move-port"; nodeId: string }
	| { kind: "publish-discovery"; nodeIds: string[] }
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

export function allNodes(cache: CacheModel): NodeModel[] {
	return cache.shards.flatMap((shard) => [...shard.nodes]);
}

export function primaryOf(shard: ShardModel): NodeModel | undefined {
	return shard.nodes.find((node) => node.id === shard.primaryNodeId);
}
