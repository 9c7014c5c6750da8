import type { Observation } from "../../../contract/host-report.ts";
import type { CacheModel, GatewayModel, HostModel, NodeModel } from "../model.ts";
import { creationSteps } from "../progress.ts";
import type { SleepModel } from "../sleep-model.ts";

/** Models of caches for tests, calm and healthy except for what the test sets. */

export const NOW = new Date("2026-01-01T00:00:00Z");

export function running(
	role: "primary" | "replica",
	overrides: Partial<NonNullable<Observation["engineState"]>> = {},
): Partial<Observation> {
	return {
		phase: "running",
		engineState: {
			version: "9.1.2",
			role,
			loading: false,
			primaryHost: role === "replica" ? "10.0.0.1" : null,
			primaryPort: role === "replica" ? 6379 : null,
			linkUp: true,
			synced: true,
			offset: 100,
			onlineReplicas: role === "primary" ? 2 : 0,
			cluster: null,
			...overrides,
		},
	};
}

export function host(index: number, overrides: Partial<HostModel> = {}): HostModel {
	return {
		id: `h${index}`,
		name: `h${index}`,
		zone: `zone-${index}`,
		address: `10.0.0.${index}`,
		online: true,
		suspect: false,
		needsUpgrade: false,
		cordoned: false,
		draining: false,
		lost: false,
		lossConfirmed: false,
		engines: [{ engine: "valkey", version: "9.1.2" }],
		...overrides,
	};
}

/** A shard's other properties when nothing is going on. */
export const CALM = {
	leaving: [],
	failoverCause: null,
	failover: null,
	order: null,
	ledBy: null,
	bounds: null,
	nodesWanted: null,
	restore: null,
	orderProblem: null,
	failoverTroubled: false,
};

/** What an engine reports if it is the node that it should be. */
function asNode(nodeId: string, state: Observation["engineState"]): Observation["engineState"] {
	return state?.cluster ? { ...state, cluster: { ...state.cluster, nodeId } } : state;
}

export function node(
	index: number,
	observed: Partial<Observation> | null,
	overrides: Partial<NodeModel> = {},
): NodeModel {
	return {
		id: `n${index}`,
		clusterNodeId: `c${index}`,
		name: `orders-00${index}`,
		host: host(index),
		port: 6379,
		kind: { engine: "valkey", engineVersion: "9", nodeType: "cache.t4g.micro" },
		memoryBytes: 512,
		dataBytes: 384,
		moveTo: null,
		placedByHand: false,
		generation: 1,
		launchPermit: 1,
		reboot: 0,
		rebootPending: false,
		asleep: false,
		followsNodeId: index === 1 ? null : "n1",
		replacesNodeId: null,
		joining: false,
		leavesFirst: false,
		leavingAt: null,
		detached: false,
		removed: false,
		hasSynced: observed?.engineState != null,
		hasLed: observed?.engineState?.role === "primary",
		goneForCertain: observed?.phase === "exited",
		observation: observed && {
			assignmentId: `n${index}`,
			generation: 1,
			phase: "running",
			reason: null,
			pid: 100 + index,
			startedAt: NOW.toISOString(),
			launchPermit: 1,
			restarts: 0,
			silentSince: null,
			busy: false,
			reboot: 0,
			pendingParameters: [],
			clientLimit: null,
			keptData: false,
			port: 6379,
			...observed,
			engineState: asNode(`c${index}`, observed.engineState ?? null),
		},
		...overrides,
	};
}

/** A cache that never sleeps. */
export const AWAKE: SleepModel = {
	...{ afterMinutes: null, state: null, since: null },
	...{ becomesCluster: false, wakeReason: null },
};

export const gateway: GatewayModel = {
	hostName: "h1",
	phase: "running",
	ready: true,
	informed: true,
	problem: null,
};

export function cache(nodes: NodeModel[], overrides: Partial<CacheModel> = {}): CacheModel {
	const shape = {
		engine: "valkey" as const,
		clusterMode: "disabled" as const,
		replicasPerShard: nodes.length - 1,
	};
	return {
		...shape,
		name: "orders",
		engineVersion: "9",
		nodeType: "cache.t4g.micro",
		status: "available",
		statusReason: null,
		blocks: [],
		progress: creationSteps(shape, NOW.toISOString()),
		automaticFailover: true,
		promotionRequested: false,
		multiAz: false,
		zones: null,
		sentinelFailingOver: false,
		safeMode: false,
		portRequested: false,
		port: 6379,
		deleting: false,
		finalSnapshotId: null,
		everAvailable: true,
		quietForMs: 0,
		nodesPerShard: (overrides.shards?.[0]?.nodes ?? nodes).filter(
			({ replacesNodeId }) => replacesNodeId === null,
		).length,
		resizing: false,
		pending: [],
		maintenanceWindow: "sun:05:00-sun:06:00",
		operation: null,
		shards: [
			{
				...CALM,
				id: "s1",
				index: 0,
				slots: null,
				primaryNodeId: nodes.length > 0 ? "n1" : null,
				nodes,
			},
		],
		expectedView: null,
		primariesChosen: false,
		elastic: null,
		...{ sleep: AWAKE, modeChange: null, mayBeWatched: false },
		discoveryNodeIds: [],
		gateways: [gateway],
		...overrides,
	};
}

export const healthy = () => [
	node(1, running("primary")),
	node(2, running("replica")),
	node(3, running("replica")),
];
export const dead: Partial<Observation> = { phase: "exited" };
/** A replica after its primary's death. */
export const orphan = (offset: number) => running("replica", { linkUp: false, offset });
