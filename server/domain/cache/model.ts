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
	multiAz: boolean;
	/** A Sentinel is failing over by itself, as its host says. */
	sentinelFailingOver: boolean;
	/** Too many hosts are silent at once: nothing is replaced. */
	safeMode: boolean;
	portRequested: boolean;
	/** Of the primary or configuration endpoint; null while none is assigned. */
	port: number | null;
	deleting: boolean;
	everAvailable: boolean;
	shards: readonly ShardModel[];
	/** What CLUSTER SLOTS is to show on every node, hashed as agents hash it; null without cluster mode. */
	expectedView: string | null;
	/** Its newest change of primaries was somebody's wish, which no clean-up is to undo. */
	arranged: boolean;
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
	/** Without those that are leaving, except in a cache that is being deleted. */
	nodes: readonly NodeModel[];
	/** Taken out of their hosts' desired states; the hosts haven't confirmed yet. */
	leaving: readonly NodeModel[];
	/** A planned failover that was asked for. */
	failover: {
		toNodeId: string | null;
		/** Null for one that a person asked for. */
		cause: string | null;
	} | null;
	/** The failover order that is out; null for none, or once its result is there or overdue. */
	order: {
		kind: "planned" | "unplanned";
		/** It was given so lately that its result is about to come. */
		fresh: boolean;
	} | null;
	/** Whom an order, a Sentinel or a vote made lead since the last failover that is written down; null for nobody. */
	ledBy: string | null;
	/** Why the newest order came to nothing, and what it was for; null for none. */
	orderProblem: { kind: "planned" | "unplanned"; message: string } | null;
	/** A planned failover failed a short while ago: what can do without one does. */
	failoverTroubled: boolean;
}

export interface NodeModel {
	id: string;
	/** How the engine knows it in a cluster. */
	clusterNodeId: string;
	name: string;
	host: HostModel;
	port: number;
	generation: number;
	launchPermit: number;
	reboot: number;
	rebootPending: boolean;
	followsNodeId: string | null;
	/** The node whose place it takes; null for others. */
	replacesNodeId: string | null;
	/** Taken out of the host's desired state; the host hasn't confirmed yet. */
	removed: boolean;
	observation: Observation | null;
	/** The process that runs now has had its primary's data at some time. */
	hasSynced: boolean;
}

export interface HostModel {
	id: string;
	name: string;
	zone: string;
	address: string;
	/** Within its lease. */
	online: boolean;
	/** Its heartbeat is late: what it last said may no longer be true. */
	suspect: boolean;
	/** Takes no new nodes. */
	cordoned: boolean;
	/** Its nodes are to go elsewhere. */
	draining: boolean;
	/** Silent for so long, or declared lost, that its nodes are replaced. */
	lost: boolean;
	/** A person said that it won't come back. */
	lossConfirmed: boolean;
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
	/** Tells a host to make another node lead: the first of the candidates is on that host. */
	| {
			kind: "order-failover";
			shardId: string;
			failover: "planned" | "unplanned";
			fromState: "alive" | "dead" | "silent";
			candidateIds: string[];
			takeover: boolean;
			cause: string;
	  }
	/** Writes down who leads, as the engines have it. */
	| { kind: "adopt-primary"; nodeId: string; cause: string }
	/** Kills a process that runs without answering, so that another can lead safely. */
	| { kind: "end-hung"; nodeId: string }
	/** Gives up a planned failover that can't be done. */
	| { kind: "drop-failover"; shardId: string; reason: string }
	/** Adds a node that takes the place of another. `empty`: nobody holds the data any more, so it starts as a primary. */
	| { kind: "add-replacement"; nodeId: string; empty: boolean; reason: string }
	/** Takes a node out whose place another has taken. */
	| { kind: "retire"; nodeId: string }
	/** Asks for a planned failover away from the shard's primary. */
	| { kind: "request-failover"; shardId: string; toNodeId: string | null; cause: string }
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
