export const GIB = 1024 ** 3;
export const MIB = 1024 ** 2;

/** Limits as ElastiCache has them, unless a comment says otherwise. */
export const LIMITS = {
	nameMaxLength: 40,
	descriptionMaxLength: 255,
	replicasPerShardMax: 5,
	tagsMax: 50,
	tagKeyMaxLength: 128,
	tagValueMaxLength: 256,
	pageSizeMax: 100,
	pageSizeDefault: 50,
	/** Larder's own: ports below need privilege, the highest leaves room for a cluster bus port (+10,000). */
	portMin: 1024,
	portMax: 55_535,
	idempotencyKeyMaxLength: 255,
	passwordMinLength: 10,
	passwordMaxLength: 128,
} as const;

/** Client ports are given from here, the lowest free one first, unless the user names one. */
export const CLIENT_PORT_RANGE = { first: 6379, last: 7378 } as const;

/** Share of a node's memory that is kept from data, for buffers, fragmentation and forks. */
export const RESERVED_MEMORY_SHARE = 0.25;

/** How long an agent may hold one `watch` call open, and the lease its silence may last, in milliseconds. */
export const AGENT_TIMING = {
	longPollMs: 25_000,
	heartbeatMs: 3_000,
	leaseMs: 10_000,
	metricsIntervalMs: 5_000,
} as const;
