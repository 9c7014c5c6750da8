import type { Observation } from "../../contract/host-report.ts";
import type {
	CacheStatus,
	ClusterMode,
	Engine,
	EvictionPolicy,
	Limits,
	ProgressStep,
	Protocol,
} from "../../contract/index.ts";
import type {
	OperationCursor,
	OperationModel,
	SlotBounds,
	SlotLayout,
} from "../operation/operation.ts";
import type { CacheLoad } from "../serverless/load.ts";
import type { RecentScaling } from "../serverless/policy.ts";
import type { ProcessHistory } from "./process-history.ts";
import type { ModeChange, SleepModel, SleepStep } from "./sleep-model.ts";

/** The planner's input: wanted state and observations side by side, no row types. */
export interface CacheModel {
	name: string;
	engine: Engine;
	/** A prefix: nodes run the newest version that matches. */
	engineVersion: string;
	nodeType: string;
	clusterMode: ClusterMode;
	status: CacheStatus;
	statusReason: string | null;
	progress: readonly ProgressStep[];
	/** What kept steps from being carried out when they were last tried. */
	blocks: readonly Block[];
	automaticFailover: boolean;
	promotionRequested: boolean;
	multiAz: boolean;
	/** The only zones for its nodes; null for any. */
	zones: readonly string[] | null;
	/** A Sentinel has begun a failover of its own, according to its host. */
	sentinelFailingOver: boolean;
	/** Too many hosts fell silent at the same time: nothing is replaced. */
	safeMode: boolean;
	portRequested: boolean;
	/** Port of the primary or configuration endpoint; null while none is assigned. */
	port: number | null;
	deleting: boolean;
	/** The snapshot after which it will be deleted; null for none. */
	finalSnapshotId: string | null;
	everAvailable: boolean;
	/** How long it has been healthy, with nothing to do. */
	quietForMs: number;
	/** Wanted number of nodes of each shard that has no number of its own. Memcached's nodes are one shard. */
	nodesPerShard: number;
	/** A change of that number, of the node type or of the engine was requested and isn't finished. */
	resizing: boolean;
	/** Changes that wait: for what is under way, and for the maintenance window. */
	pending: readonly PendingWhen[];
	/** Weekly, such as sun:05:00-sun:06:00. */
	maintenanceWindow: string;
	/** A change of its shards or slots; null for none. */
	operation: OperationModel | null;
	shards: readonly ShardModel[];
	/** What CLUSTER SLOTS should show on every node, hashed as agents hash it; null without cluster mode. */
	expectedView: string | null;
	/** A person requested the latest change of primaries, so Larder must not undo it to spread them. */
	primariesChosen: boolean;
	/** Ids of the nodes that Memcached's auto discovery names. */
	discoveryNodeIds: readonly string[];
	/** Gateways of hosts that report. */
	gateways: readonly GatewayModel[];
	/** Null for a provisioned cache. */
	elastic: ElasticModel | null;
	sleep: SleepModel;
	/** A requested change to cluster mode that isn't finished; null for none. */
	modeChange: ModeChange | null;
	/** A Sentinel that can be seen watches it, or one of its Sentinels' hosts can't be seen. */
	mayBeWatched: boolean;
}

/** A serverless cache's size, and what decides it. */
export interface ElasticModel {
	/** What each node should take of its host, and what it should have for data. */
	memoryBytes: number;
	dataBytes: number;
	/** Null for Memcached. */
	protocol: Protocol | null;
	limits: Limits;
	/** Null for Memcached. */
	evictionPolicy: EvictionPolicy | null;
	/** The wanted number; of nodes for Memcached. */
	shards: number;
	/** Null until its primaries have been reported. */
	load: CacheLoad | null;
	/** How long none of its nodes has had a client; 0 while one has, null while that isn't known. */
	idleMs: number | null;
	recent: RecentScaling;
}

/** What a change waits for: the end of the change that is under way, or the maintenance window. */
export type PendingWhen = "next" | "window";

export interface ShardModel {
	id: string;
	index: number;
	/** The slots that it is known to serve, such as 0-5460, empty for none; null without cluster mode. */
	slots: string | null;
	/** Its own wanted number of nodes; null for the cache's. */
	nodesWanted: number | null;
	/** While an operation is under way, the slots that it serves throughout, and those that it may serve; null otherwise. */
	bounds: SlotBounds | null;
	/** The node that should be primary. Null before placement, and for Memcached. */
	primaryNodeId: string | null;
	/** What its primary must load before it serves; null for nothing, or once it has. */
	restore: RestoreModel | null;
	/** Without removed nodes, except in a cache that is being deleted. */
	nodes: readonly NodeModel[];
	/** Removed from their hosts' desired states; the hosts haven't confirmed yet. */
	leaving: readonly NodeModel[];
	/** Why its newest failover was requested or ordered, until a primary serves; null for none. */
	failoverCause: FailoverCause | null;
	/** A requested planned failover. */
	failover: { toNodeId: string | null } | null;
	/** The pending failover order; null for none, or once its result has arrived or is overdue. */
	order: {
		kind: "planned" | "unplanned";
		/** It was given so recently that its result is about to arrive. */
		fresh: boolean;
	} | null;
	/**
	 * The node that an order, a Sentinel or a vote promoted since the last recorded failover; null for none.
	 */
	ledBy: string | null;
	/** Why the newest order failed, and its kind; null for none. */
	orderProblem: { kind: "planned" | "unplanned"; message: string } | null;
	/** A planned failover failed a short while ago: steps that can do without one go ahead. */
	failoverTroubled: boolean;
}

/** The part of a snapshot that a new shard begins with. */
export interface RestoreModel {
	/** Of the order to the primary's host. */
	id: string;
	snapshotName: string;
	/** Of the whole snapshot. */
	totalKeys: number;
	/** The host that may fetch the data; null before it is known. */
	hostId: string | null;
}

/** What a node is, besides its place and its role. */
export interface NodeKind {
	engine: Engine;
	engineVersion: string;
	nodeType: string;
}

export interface FailoverCause {
	kind: "planned" | "unplanned";
	/** A sentence without its period, or REQUESTED (plan-failover.ts). */
	cause: string;
}

/** Why a step of the plan couldn't be carried out, as its last attempt found. */
export interface Block {
	step: PlanAction["kind"];
	/** The node that the step concerns; null for the whole cache. */
	nodeId: string | null;
	reason: string;
}

export interface NodeModel extends ProcessHistory {
	id: string;
	/** Its id in the cluster. */
	clusterNodeId: string;
	name: string;
	host: HostModel;
	port: number;
	/** What it is now, or is becoming. */
	kind: NodeKind;
	/** What it takes of its host. */
	memoryBytes: number;
	/** What its engine has for data. */
	dataBytes: number;
	/** A person asked for it to move: to that host, or to any in that zone. */
	moveTo: { hostId: string | null; zone: string | null } | null;
	/** A person chose its host, so it doesn't move for balance. */
	placedByHand: boolean;
	generation: number;
	launchPermit: number;
	reboot: number;
	rebootPending: boolean;
	/** Its host should have ended it, until the cache wakes. */
	asleep: boolean;
	followsNodeId: string | null;
	/** The node that it replaces; null for others. */
	replacesNodeId: string | null;
	/** Was added to a running cache, and doesn't count yet. */
	joining: boolean;
	/** A person named it as the one to remove. */
	leavesFirst: boolean;
	/** When it was taken out of the endpoints, because it will be removed; null for nodes that stay. */
	leavingAt: Date | null;
	/** Should acknowledge no more writes, because it is about to be removed: see plan-detaching.ts. */
	detached: boolean;
	/** Removed from the host's desired state; the host hasn't confirmed yet. */
	removed: boolean;
	observation: Observation | null;
	/**
	 * Its process is known to have ended, or not to answer, for so long that every host in touch has reported since.
	 * Until then, another node of its shard may have been back in sync before this one ended, although the newest
	 * report about that node says that it is gone.
	 */
	goneForCertain: boolean;
}

export interface HostModel {
	id: string;
	name: string;
	zone: string;
	address: string;
	/** Within its lease, and speaks a version of the agent protocol that this control plane does. */
	online: boolean;
	/** Its heartbeat is late: its last report may no longer be true. */
	suspect: boolean;
	/**
	 * It calls, but in a version of the protocol that this control plane doesn't speak: its engines run and fail over by
	 * themselves, but Larder can't see it or tell it anything. `suspect` and not `online`, but no reason to replace it.
	 */
	needsUpgrade: boolean;
	/** Takes no new nodes. */
	cordoned: boolean;
	/** Its nodes should move elsewhere. */
	draining: boolean;
	/** Silent for so long that its nodes are replaced, or declared lost. */
	lost: boolean;
	/** A person said that it won't come back. */
	lossConfirmed: boolean;
	/** The engines that are unpacked there. */
	engines: readonly { engine: string; version: string }[];
}

/** A host's gateway, with respect to this cache. */
export interface GatewayModel {
	hostName: string;
	/** `unknown`: the host hasn't reported. */
	phase: "off" | "starting" | "running" | "failed" | "unknown";
	ready: boolean;
	/** Serves the cache's newest route. */
	informed: boolean;
	problem: { code: "port-taken" | "failed"; message: string; port: number | null } | null;
}

export type FailoverAction = Extract<PlanAction, { kind: "order-failover" }>;

/** The reconciler's next action, besides writing the status. */
export type PlanAction =
	| { kind: "place" }
	| { kind: "assign-ports" }
	/** Orders a host to promote another node: the first of the candidates is on that host. */
	| {
			kind: "order-failover";
			shardId: string;
			failover: "planned" | "unplanned";
			fromState: "alive" | "dead" | "demoted" | "lost" | "silent";
			candidateIds: string[];
			takeover: boolean;
			cause: string;
	  }
	/** Records the primary that the engines have. */
	| { kind: "adopt-primary"; nodeId: string; cause: string }
	/** Kills a process that runs without answering, so that another node can safely take over. */
	| { kind: "end-hung"; nodeId: string }
	/** Cancels a planned failover that isn't possible. */
	| { kind: "drop-failover"; shardId: string; reason: string }
	/** Forgets why a failover was ordered: the primary serves again, and no other took over. */
	| { kind: "forget-cause"; shardId: string }
	/**
	 * Adds a node that replaces another. `empty`: no node holds the data any more, so it starts as a primary.
	 * `hostIds`: the only hosts that would be better, null for any. `optional`: the other node may also stay.
	 */
	| {
			kind: "add-replacement";
			nodeId: string;
			empty: boolean;
			reason: string;
			hostIds: readonly string[] | null;
			optional: boolean;
	  }
	/** Ends a replica's link to its primary, until the other replicas have what it has acknowledged. */
	| { kind: "detach-node"; nodeId: string }
	/** A detached replica stays after all. */
	| { kind: "attach-node"; nodeId: string }
	/** Removes a node that another has replaced, or that is leaving. */
	| { kind: "retire"; nodeId: string }
	/** Adds nodes that the shards lack: all of them or, without room for all, none. */
	| { kind: "add-nodes"; shards: readonly { shardId: string; count: number }[] }
	/** A joining node is in place: from now on it counts, and gateways route readers to it. */
	| { kind: "join-node"; nodeId: string }
	/** Takes a node out of the endpoints, so that it can be removed. */
	| { kind: "leave-node"; nodeId: string }
	/** A leaving node stays after all. */
	| { kind: "keep-node"; nodeId: string }
	/** Records how far along the operation is, and removes shards that have become empty. */
	| { kind: "advance-operation"; step: OperationStep }
	/** Gives a serverless cache another capacity, as far as hosts have room. */
	| { kind: "scale" }
	/** Puts a serverless cache to sleep, or wakes it, by one step. */
	| { kind: "sleep"; step: SleepStep }
	/** Starts changes that have waited. */
	| { kind: "start-pending"; when: PendingWhen }
	/** Gives a node the cache's node type in place, if its host has room. */
	| { kind: "resize-node"; nodeId: string }
	/** Restarts a node in place with the engine version that the cache wants: no host has room for a successor. */
	| { kind: "renew-node"; nodeId: string }
	/** Requests a planned failover away from the shard's primary. */
	| { kind: "request-failover"; shardId: string; toNodeId: string | null; cause: string }
	/** Lets the host of a shard's primary fetch the data of a snapshot. */
	| { kind: "prepare-restore"; shardId: string }
	/** All primaries have loaded their data, and no key is missing. */
	| { kind: "finish-restore" }
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
	hostName?: string;
}

/** What one pass does for an operation, in one transaction. */
export interface OperationStep {
	operationId: string;
	/** Where it was, so that a step that was planned twice is done once. */
	from: OperationCursor;
	cursor: OperationCursor;
	/** The slots of shards whose engines have other slots than recorded. */
	slots: SlotLayout;
	/** Shards without slots and keys, which leave the cache now. */
	remove: readonly string[];
	outcome: "done" | "canceled" | null;
	error: string | null;
	events: PlanEvent[];
}

export interface Plan {
	status: CacheStatus;
	statusReason: string | null;
	progress: ProgressStep[];
	becameAvailable: boolean;
	/** A change of size or kind is finished. */
	resized: boolean;
	/** The cache's blocks that still apply. */
	blocks: readonly Block[];
	actions: PlanAction[];
	events: PlanEvent[];
}

export function allNodes(cache: CacheModel): NodeModel[] {
	return cache.shards.flatMap((shard) => [...shard.nodes]);
}

/** How many nodes the shard should have. */
export function nodesWanted(cache: CacheModel, shard: ShardModel): number {
	return shard.nodesWanted ?? cache.nodesPerShard;
}

export function primaryOf(shard: ShardModel): NodeModel | undefined {
	return shard.nodes.find((node) => node.id === shard.primaryNodeId);
}
