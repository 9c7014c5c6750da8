export const GIB = 1024 ** 3;
export const MIB = 1024 ** 2;

/** Clients that a Valkey or Redis node serves at a time, unless its host allows fewer: the engines' own default. */
export const CLIENTS_MAX_DEFAULT = 10_000;

/** How far back the audit log goes, at most: whichever comes first. */
export const AUDIT_KEPT = { days: 365, entries: 200_000 } as const;

/** ElastiCache's limits, and from `portMin` on Larder's own. */
export const LIMITS = {
	nameMaxLength: 40,
	descriptionMaxLength: 255,
	replicasPerShardMax: 5,
	shardsMax: 500,
	memcachedNodesMax: 40,
	clusterSlots: 16_384,
	parametersPerRequestMax: 20,
	parameterGroupNameMaxLength: 255,
	snapshotNameMaxLength: 255,
	snapshotRetentionDaysMax: 35,
	tagsMax: 50,
	tagKeyMaxLength: 128,
	tagValueMaxLength: 256,
	pageSizeMax: 100,
	pageSizeDefault: 50,
	/** Ports below require privilege. */
	portMin: 1024,
	portMax: 55_535,
	idempotencyKeyMaxLength: 255,
	emailMaxLength: 254,
	passwordMinLength: 12,
	passwordMaxLength: 128,
	/** The oldest event that a host may report. */
	ageMsMax: 10 * 365 * 86_400_000,
	/** Beyond any machine, and well within what the database can count and sum. */
	hostCpusMax: 65_536,
	hostMemoryBytesMax: 2 ** 50,
	joinTokenHoursMax: 720,
	joinTokenUsesMax: 1_000,
	/** What limits of serverless caches can be set to, besides 0 for none. */
	dataStorageGb: { min: 1, max: 5_000 },
	ecpuPerSecond: { min: 1_000, max: 15_000_000 },
	/** After how long without clients a serverless cache may sleep, besides 0 for never: a week at most. */
	scaleToZeroMinutes: { min: 1, max: 10_080 },
} as const;

/**
 * Ports of stable endpoints, the same on every host: the lowest free one, unless the user names one.
 * Memcached has a range of its own, because its clients expect 11211.
 */
export const CLIENT_PORT_RANGE = { first: 6379, last: 7378 } as const;
export const MEMCACHED_PORT_RANGE = { first: 11_211, last: 12_210 } as const;

/** Ports that nodes listen on, each host its own. The cluster bus listens 10,000 higher, below the kernel's own range. */
export const NODE_PORT_RANGE = { first: 17_000, last: 18_999 } as const;
export const CLUSTER_BUS_OFFSET = 10_000;

/** How long no other cache gets the port of a deleted cache. */
export const PORT_QUARANTINE_MS = 15 * 60_000;

/** Share of a node's memory that is reserved for buffers, fragmentation and forks rather than data. */
export const RESERVED_MEMORY_SHARE = 0.25;

/**
 * In milliseconds. Heartbeats come `heartbeatMs` apart, or further apart if many hosts share a control plane
 * (`heartbeatOf`). A heartbeat that is late by `suspicionMs` makes its host a suspect: if its primaries don't
 * answer either, they are replaced. A host counts as offline at the end of its lease, and as lost, so that
 * its nodes are replaced, after `hostLostMs`. A host that isn't a suspect has made another report within
 * `reportedAgainMs`, which is longer than hosts are trusted after a start of the control plane. An agent whose
 * calls fail waits for up to `retryMaxMs` before it tries again.
 */
export const AGENT_TIMING = {
	longPollMs: 25_000,
	heartbeatMs: 750,
	heartbeatPerHostMs: 3,
	suspicionMs: 1_250,
	retryMaxMs: 2_000,
	leaseMs: 10_000,
	hostLostMs: 60_000,
	reportedAgainMs: 5_500,
	metricsIntervalMs: 5_000,
} as const;

/** A larger clock difference than this causes a warning about the host. */
export const CLOCK_OFF_MS = 1_000;

/**
 * How long a cache must be healthy, with nothing to do, before a node or a primary moves only for balance:
 * whatever made it move before may not be over.
 */
export const BALANCE_AFTER_MS = 60_000;

/** How often clients of Memcached's auto discovery ask for the nodes: a node that is taken out stops this much later. */
export const DISCOVERY_POLL_MS = 60_000;

/** The interval of heartbeats in a fleet of this many hosts. */
export function heartbeatOf(hosts: number): number {
	return Math.max(AGENT_TIMING.heartbeatMs, hosts * AGENT_TIMING.heartbeatPerHostMs);
}

/**
 * In milliseconds, for a primary that runs without answering and without working: one that is stopped, for
 * example, or waits for something that never comes. BUSY_TIMING bounds how long one may work without
 * answering. The control plane asks its agent to end it after `askedAfterMs`, and the agent ends it after
 * `endedAfterMs`. Both count from the first unanswered question, which comes half a second after the last
 * answer.
 */
export const HUNG_TIMING = { askedAfterMs: 1_000, endedAfterMs: 1_800 } as const;

/**
 * How long a primary may work on one command without answering before a replica takes over: the default of
 * the parameter `larder-busy-timeout`, in seconds. Replication itself gives up on a silent primary after the
 * same time (`repl-timeout`).
 */
export const BUSY_TIMING = { defaultSeconds: 60 } as const;

/**
 * How long the backstops wait before they consider a primary gone, in milliseconds: longer than the control
 * plane takes, and longer than it takes to end a hung primary. Otherwise there would be two primaries when
 * the hung one wakes. A cluster's replicas ask for votes no earlier than 0.5 s after the node timeout.
 */
export const BACKSTOP_TIMING = {
	sentinelDownAfterMs: 2_500,
	clusterNodeTimeoutMs: 2_000,
	/** How much longer they wait each time the agent of a busy primary says that it is working. */
	busyLeaseMs: 4_000,
} as const;

/** Memory of a host that an accelerator's instance takes, at its usual load. Bytes. */
export const ACCELERATOR_INSTANCE_BYTES = 96 * MIB;

/** Where agents look for ports for instances of accelerators: the first free ones. */
export const ACCELERATOR_PORT_RANGE = { first: 26_500, last: 26_699 } as const;

/** Where agents look for a port for their Sentinel: the first free one. */
export const SENTINEL_PORT_RANGE = { first: 26_379, last: 26_478 } as const;
