/**
 * The values that fields with a closed list can have, as sent on the wire. They are separate from the schemas that
 * check them, so that a page can offer choices without loading the code that validates.
 */
export const ENGINES = ["valkey", "redis", "memcached"] as const;

/** provisioned: its creator chooses node types and numbers of nodes. serverless: Larder does, and changes them with the load. */
export const CACHE_KINDS = ["provisioned", "serverless"] as const;

/**
 * Of serverless caches.
 * cluster: scales out over shards, so clients must speak the cluster protocol, as with ElastiCache Serverless.
 * standard: one endpoint for any client, commands on any keys together; scales up to what the largest host holds.
 */
export const PROTOCOLS = ["cluster", "standard"] as const;

/** What a serverless cache does with keys once it is as large as it may get. */
export const EVICTION_POLICIES = [
	"volatile-lru",
	"allkeys-lru",
	"volatile-lfu",
	"allkeys-lfu",
	"volatile-random",
	"allkeys-random",
	"volatile-ttl",
	"noeviction",
] as const;

/**
 * Why a serverless cache gets another capacity: its data, its engines' processors, its ECPUs per second, limits that were
 * changed, or a load that has gone.
 */
export const SCALING_TRIGGERS = ["storage", "cpu", "ecpu", "limits", "idle"] as const;

/**
 * How often nodes make sure that every change is on their host's disk: never, each second, or before they acknowledge it.
 */
export const PERSISTENCES = ["none", "aof-everysec", "aof-always"] as const;

/**
 * Of a persistent node's memory for data, on disk: the file that it loads at its start, as much again until it is written
 * anew, and the new one beside both.
 */
export const PERSISTENCE_DISK_SHARE = 3;

/**
 *   creating ──> available <──> modifying <──> degraded <──> unavailable
 *      └──────────────┴─────────────┴────────────┴──────────────┴──> deleting ──> (gone)
 *
 * modifying: a requested change is being carried out, such as new parameters or a node's move.
 * rebooting: like modifying, for a requested reboot; `progress` has its steps.
 * degraded: all shards serve, but a replica is missing or out of sync.
 * unavailable: a shard has no primary that serves.
 */
export const CACHE_STATUSES = [
	"creating",
	"available",
	"modifying",
	"rebooting",
	"degraded",
	"unavailable",
	"deleting",
] as const;

/**
 *   creating ──> available ──> deleting ──> (gone)
 *      └───────> failed ─────────┘
 */
export const SNAPSHOT_STATUSES = ["creating", "available", "failed", "deleting"] as const;

/** automatic: by a cache's daily window. final: before a cache is deleted. */
export const SNAPSHOT_KINDS = ["manual", "automatic", "final", "copy", "imported"] as const;

export const SEVERITIES = ["info", "warning", "error"] as const;

/** `failed`: a password was wrong. `denied`: the caller may not do it. Either way nothing was changed. */
export const AUDIT_OUTCOMES = ["succeeded", "failed", "denied"] as const;

export const PARAMETER_FAMILIES = ["valkey9", "valkey8", "redis7", "memcached1.6"] as const;

export const USAGE_UNITS = ["minute", "hour", "day"] as const;
export const COST_GROUPINGS = ["cache", "tag", "engine", "day", "month"] as const;

export const METRICS_RANGES = ["15m", "1h", "6h", "24h", "7d", "30d"] as const;

/** A leading minus reverses the order. */
export const CACHE_SORTS = [
	"created",
	"-created",
	"name",
	"-name",
	"engine",
	"-engine",
	"status",
	"-status",
] as const;
