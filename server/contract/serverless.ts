import { z } from "zod";
import type { CacheKind } from "./enums.ts";
import { evictionPolicySchema, protocolSchema, scalingTriggerSchema } from "./enums.ts";
import { LIMITS, MIB } from "./limits.ts";
import { pageOf } from "./pagination.ts";

/** A GB of data storage, in limits and bills. */
export const STORAGE_GB_BYTES = 1e9;

/** The node type of nodes whose size is a number that follows the load. */
export const SERVERLESS_NODE_TYPE = "serverless";

/** What a shard has for data at the least, so that a burst meets some room while Larder reacts. */
export const FLOOR_BYTES = 256 * MIB;

/**
 * What a shard without clients reserves for data at the least. Its engine may have FLOOR_BYTES all the same: the moment
 * a client connects, its agent says so, and Larder reserves the rest.
 */
export const IDLE_BYTES = 24 * MIB;

/** Nodes of a serverless Memcached cache: its endpoint survives the loss of one, and half of its data does. */
export const MEMCACHED_NODES_MIN = 2;

/** Moves downwards, of size or number of shards, in any hour. Moves upwards follow need. */
export const SHRINKS_PER_HOUR = 6;

/** ElastiCache's names of the limits, for its messages. */
const LIMIT_NAMES = { dataStorageGb: "DataStorage", ecpuPerSecond: "ECPUPerSecond" } as const;
type LimitName = keyof typeof LIMIT_NAMES;

function boundSchema(limit: LimitName) {
	const { min, max } = LIMITS[limit];
	const name = LIMIT_NAMES[limit];
	const message = `Invalid value for ${name} limit. Must be between ${min} and ${max}. You can set the value to zero to remove the limit.`;
	return z
		.int(`Invalid value for ${name} limit. Must be a whole number between ${min} and ${max}.`)
		.refine((value) => value === 0 || (value >= min && value <= max), message)
		.meta({ minimum: 0, maximum: max });
}

function limitInputSchema(limit: LimitName) {
	return z
		.strictObject({
			min: boundSchema(limit)
				.optional()
				.describe("capacity that is there at any load; 0 removes it"),
			max: boundSchema(limit).optional().describe("never exceeded; 0 removes it"),
		})
		.refine(({ min = 0, max = 0 }) => min === 0 || max === 0 || min <= max, crossedLimits(limit));
}

/** The message for a minimum above its maximum. */
export function crossedLimits(limit: LimitName): string {
	return `Invalid value for ${LIMIT_NAMES[limit]} limit. The minimum must be less than or equal to the maximum.`;
}

/** Limits as sent: what is left out doesn't change, and 0 removes. */
export const limitsInputSchema = z.strictObject({
	dataStorageGb: limitInputSchema("dataStorageGb")
		.optional()
		.describe("memory for data in GB (10⁹ bytes), of all shards, without replicas: 1 to 5,000"),
	ecpuPerSecond: limitInputSchema("ecpuPerSecond")
		.optional()
		.describe("ElastiCache processing units per second: 1,000 to 15,000,000"),
});
export type LimitsInput = z.output<typeof limitsInputSchema>;

const boundsSchema = z.object({ min: z.number().nullable(), max: z.number().nullable() });

/** Limits as they are in force; null for none. */
export const limitsSchema = z.object({
	dataStorageGb: boundsSchema,
	ecpuPerSecond: boundsSchema,
});
export type Limits = z.infer<typeof limitsSchema>;

export const NO_LIMITS: Limits = {
	dataStorageGb: { min: null, max: null },
	ecpuPerSecond: { min: null, max: null },
};

/** The limits after a change. Check them with `limitsProblem`. */
export function changeLimits(present: Limits, change: LimitsInput): Limits {
	const changed = (limit: LimitName) => {
		const of = (bound: "min" | "max") => {
			const value = change[limit]?.[bound];
			return value === undefined ? present[limit][bound] : value || null;
		};
		return { min: of("min"), max: of("max") };
	};
	return { dataStorageGb: changed("dataStorageGb"), ecpuPerSecond: changed("ecpuPerSecond") };
}

/** A minimum above its maximum; null for none. */
export function limitsProblem(limits: Limits): { field: string; message: string } | null {
	for (const limit of ["dataStorageGb", "ecpuPerSecond"] as const) {
		const { min, max } = limits[limit];
		if (min !== null && max !== null && min > max) {
			return { field: `limits.${limit}`, message: crossedLimits(limit) };
		}
	}
	return null;
}

/** Fields of a create request that say what Larder decides for a serverless cache. */
const SIZED_BY_LARDER = [
	...(["nodeType", "clusterMode", "shards", "replicasPerShard", "slots", "nodes"] as const),
	...(["multiAz", "automaticFailover", "parameterGroup"] as const),
] as const;
/** The same of a change to a running cache. */
const CHANGED_BY_LARDER = [
	...(["nodeType", "clusterMode", "shards", "weightBy", "replicasPerShard"] as const),
	...(["shardReplicas", "removeNodes", "nodes", "multiAz", "automaticFailover"] as const),
	"parameterGroup",
] as const;
const OF_SERVERLESS = ["protocol", "limits", "evictionPolicy", "scaleToZero"] as const;

const INSTEAD: Readonly<Record<string, string>> = {
	clusterMode: "choose protocol: cluster or standard",
	parameterGroup: "choose evictionPolicy, if that is what you want to set",
	multiAz: "it has a replica in another zone wherever there is one",
	automaticFailover: "it always fails over",
};

/** Why fields don't go with the kind of cache. `given` has what the request says. */
export function kindRefusals<T extends object>(
	kind: CacheKind,
	given: T,
	purpose: "create" | "modify",
): { field: keyof T & string; message: string }[] {
	const names: readonly string[] =
		kind === "provisioned"
			? OF_SERVERLESS
			: purpose === "create"
				? SIZED_BY_LARDER
				: CHANGED_BY_LARDER;
	const isGiven = (field: string): field is keyof T & string =>
		field in given && given[field as keyof T] !== undefined;
	return names.filter(isGiven).map((field) => ({
		field,
		message: kind === "provisioned" ? notServerless(field, purpose) : notSized(field),
	}));
}

/** What a serverless cache has only with Valkey or Redis OSS. */
export function memcachedServerlessRefusals(given: {
	protocol?: unknown;
	evictionPolicy?: unknown;
	auth?: unknown;
	scaleToZero?: ScaleToZeroInput | undefined;
}): { field: "protocol" | "evictionPolicy" | "scaleToZero" | "auth"; message: string }[] {
	const messages = {
		protocol:
			"protocol doesn't apply to Memcached: its one endpoint serves any client, and the cache scales up and out. Leave protocol out",
		evictionPolicy:
			"evictionPolicy doesn't apply to Memcached, which evicts what was used least recently. Leave evictionPolicy out",
		scaleToZero:
			"scaleToZero doesn't apply to Memcached, which can't save its data before its processes end. Leave scaleToZero out",
		auth: "Memcached caches take no password; leave auth out or set it to none",
	};
	const refused = (["protocol", "evictionPolicy"] as const).filter(
		(field) => given[field] !== undefined,
	);
	const others = [
		...(given.auth === "password" ? (["auth"] as const) : []),
		...((given.scaleToZero?.afterMinutes ?? 0) > 0 ? (["scaleToZero"] as const) : []),
	];
	return [...refused, ...others].map((field) => ({ field, message: messages[field] }));
}

function notServerless(field: string, purpose: "create" | "modify"): string {
	if (field === "evictionPolicy") {
		return "evictionPolicy is for serverless caches; for a provisioned one, set maxmemory-policy in a parameter group";
	}
	const remedy = purpose === "create" ? "set kind to serverless, or leave it out" : "leave it out";
	return `${field} is for serverless caches; ${remedy}`;
}

function notSized(field: string): string {
	const instead = INSTEAD[field] ?? "Larder sizes it by its load, within its limits";
	return `${field} doesn't apply to a serverless cache: ${instead}. Leave ${field} out`;
}

const { min: sleepMin, max: sleepMax } = LIMITS.scaleToZeroMinutes;
const sleepMessage = `afterMinutes must be between ${sleepMin} and ${sleepMax}, or 0 to turn scaleToZero off`;

/** As sent: 0 turns it off. */
export const scaleToZeroInputSchema = z.strictObject({
	afterMinutes: z
		.int(sleepMessage)
		.refine((value) => value === 0 || (value >= sleepMin && value <= sleepMax), sleepMessage)
		.meta({ minimum: 0, maximum: sleepMax }),
});
export type ScaleToZeroInput = z.output<typeof scaleToZeroInputSchema>;

/** Fields that only a serverless cache has. */
export const serverlessInputShape = {
	protocol: protocolSchema
		.optional()
		.describe(
			"of a serverless Valkey or Redis OSS cache. cluster (if absent): scales out, for clients that speak the cluster protocol, as ElastiCache Serverless. standard: one endpoint for any client, scales up to what the largest host holds",
		),
	limits: limitsInputSchema.optional().describe("of a serverless cache; if absent, none"),
	evictionPolicy: evictionPolicySchema
		.optional()
		.describe(
			"of a serverless Valkey or Redis OSS cache: what happens at the storage maximum, or when no host has more memory. If absent, volatile-lru: keys with a TTL are evicted. noeviction is for queues",
		),
	scaleToZero: scaleToZeroInputSchema
		.optional()
		.describe(
			"of a serverless cache: after so many minutes without a client's connection its data is saved and its nodes end; the next connection to one of its endpoints waits until they are back. If absent, or with 0 minutes, never",
		),
};

/** How much a serverless cache can hold and do now. */
export const capacitySchema = z.object({
	memoryBytes: z.number().describe("memory for data, of all shards, without replicas"),
	shards: z.number().describe("for Memcached, nodes"),
});
export type Capacity = z.infer<typeof capacitySchema>;

export const presentUsageSchema = z.object({
	dataStorageBytes: z.number().nullable().describe("used by data now; null while unknown"),
	ecpuPerSecond: z.number().nullable().describe("over the newest sample; null while unknown"),
	throttledPercent: z
		.number()
		.nullable()
		.describe(
			"share of time in which clients waited because of the ECPU maximum, over the last seconds; null while unknown",
		),
});
export type PresentUsage = z.infer<typeof presentUsageSchema>;

/** Fields of the cache view that only a serverless cache has: null for others. */
export const serverlessViewShape = {
	protocol: protocolSchema.nullable().default(null),
	limits: limitsSchema.nullable().default(null),
	usage: presentUsageSchema.nullable().default(null),
	capacity: capacitySchema.nullable().default(null),
	evictionPolicy: evictionPolicySchema.nullable().default(null),
	scaleToZero: z
		.object({ afterMinutes: z.number() })
		.nullable()
		.default(null)
		.describe("null for never"),
	sleep: z
		.object({ state: z.enum(["falling-asleep", "asleep", "waking"]), since: z.string() })
		.nullable()
		.default(null)
		.describe("null while the cache is awake"),
};

/** A change of a serverless cache's capacity. */
export const scalingDecisionSchema = z.object({
	at: z.string(),
	from: capacitySchema,
	to: capacitySchema,
	trigger: scalingTriggerSchema,
	reason: z.string().describe("a sentence for people, with the figures that led to it"),
});
export type ScalingDecision = z.infer<typeof scalingDecisionSchema>;

export const scalingPageSchema = pageOf(scalingDecisionSchema);

/** What the policy would have decided. */
export const scalingReplaySchema = z.object({
	from: z.string(),
	to: z.string(),
	samples: z.number().describe("times with recorded samples"),
	limits: limitsSchema.describe("that were assumed"),
	items: z.array(scalingDecisionSchema).describe("oldest first"),
	end: capacitySchema,
});
export type ScalingReplay = z.infer<typeof scalingReplaySchema>;
