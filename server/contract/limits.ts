export const GIB = 1024 ** 3;
export const MIB = 1024 ** 2;

/** Limits as ElastiCache has them, unless a comment says otherwise. */
export const LIMITS = {
	nameMaxLength: 40,
	descriptionMaxLength: 255,
	replicasPerShardMax: 5,
	shardsMax: 500,
	memcachedNodesMax: 40,
	clusterSlots: 16_384,
	parametersPerRequestMax: 20,
	parameterGroupNameMaxLength: 255,
	tagsMax: 50,
	tagKeyMaxLength: 128,
	tagValueMaxLength: 256,
	pageSizeMax: 100,
	pageSizeDefault: 50,
	/** Larder's own: ports below need privilege. */
	portMin: 1024,
	portMax: 55_535,
	idempotencyKeyMaxLength: 255,
	passwordMinLength: 10,
	passwordMaxLength: 128,
} as const;

/**
 * Ports of stable endpoints, the same on every host: the lowest free one first, unless the user names one. Memcached
 * has a range of its own, since its clients expect 11211.
 */
export const CLIENT_PORT_RANGE = { first: 6379, last: 7378 } as const;
export const MEMCACHED_PORT_RANGE = { first: 11_211, last: 12_210 } as const;

/** Ports that nodes listen on, each host its own. The cluster bus listens 10,000 higher, below the kernel's own range. */
export const NODE_PORT_RANGE = { first: 17_000, last: 18_999 } as const;
export const CLUSTER_BUS_OFFSET = 10_000;

/** How long a port that a deleted cache had is given to no other cache. */
export const PORT_QUARANTINE_MS = 15 * 60_000;

/** Share of a node's memory that is kept from data, for buffers, fragmentation and forks. */
export const RESERVED_MEMORY_SHARE = 0.25;

/**
 * In milliseconds. Heartbeats come `heartbeatMs` apart, or further where many hosts share a control plane
 * (`heartbeatOf`). One that is late by `suspicionMs` makes its host a suspect: should its primaries answer nobody, they
 * are replaced. A host counts as offline at the end of its lease, and as lost, its nodes to be replaced, after
 * `hostLostMs`.
 */
export const AGENT_TIMING = {
	longPollMs: 25_000,
	heartbeatMs: 750,
	heartbeatPerHostMs: 3,
	suspicionMs: 1_250,
	leaseMs: 10_000,
	hostLostMs: 60_000,
	metricsIntervalMs: 5_000,
} as const;

/** How far apart heartbeats are in a fleet of so many hosts. */
export function heartbeatOf(hosts: number): number {
	return Math.max(AGENT_TIMING.heartbeatMs, hosts * AGENT_TIMING.heartbeatPerHostMs);
}

/**
 * A primary that runs without answering, in milliseconds. A slow command may block an engine for a second or two, and that
 * is no failure. Its agent ends it after `endedAfterMs` where the control plane has asked for it, which it does after
 * `askedAfterMs`. Both from the first question that was left open, which comes half a second after the last answer.
 */
export const HUNG_TIMING = { askedAfterMs: 1_000, endedAfterMs: 1_800 } as const;

/**
 * What the backstops wait before they call a primary gone, in milliseconds: longer than the control plane takes, and
 * longer than it takes to end a hung one. Those two would otherwise be primaries side by side when the hung one wakes.
 * A cluster's replicas ask for votes at the earliest 0.5 s after the node timeout.
 */
export const BACKSTOP_TIMING = { sentinelDownAfterMs: 2_500, clusterNodeTimeoutMs: 2_000 } as const;

/** Where agents look for a port for their Sentinel: the first that is free. */
export const SENTINEL_PORT_RANGE = { first: 26_379, last: 26_478 } as const;
