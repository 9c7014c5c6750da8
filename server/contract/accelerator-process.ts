import { z } from "zod";

/** What an accelerator's instance reads from its file, which only its user can read. */
export const acceleratorSettingsSchema = z.object({
	acceleratorId: z.string(),
	name: z.string(),
	upstream: z.object({
		endpoint: z.string(),
		region: z.string(),
		credentials: z
			.object({ accessKeyId: z.string(), secretAccessKey: z.string() })
			.nullable()
			.describe("null: clients' signatures aren't verified, and the upstream must not verify any"),
	}),
	cache: z.object({
		endpoints: z
			.array(z.object({ host: z.string(), port: z.int32() }))
			.min(1)
			.describe("addresses of one endpoint on several hosts, tried in turn"),
		password: z.string().nullable(),
		clusterMode: z.boolean(),
	}),
	itemTtlMs: z.int(),
	queryTtlMs: z.int(),
});
export type AcceleratorSettings = z.infer<typeof acceleratorSettingsSchema>;

/** Where an instance says that it serves, and, to the agent, how it does (`x-larder-token`). */
export const HEALTH_PATH = "/larder/health";
export const STATE_PATH = "/larder/state";
export const STATE_TOKEN_HEADER = "x-larder-token";

/** The file of a process. */
export const acceleratorFileSchema = z.object({
	format: z.literal(1),
	listen: z.object({ host: z.string(), port: z.int32() }),
	/** With which the agent asks for its state. */
	stateToken: z.string(),
	settings: acceleratorSettingsSchema,
});
export type AcceleratorFile = z.infer<typeof acceleratorFileSchema>;

/** Upper bounds of the latency counters' classes, in milliseconds; one more class holds what took longer. */
export const LATENCY_BOUNDS_MS: readonly number[] = Array.from(
	{ length: 32 },
	(_, index) => 0.05 * 1.4 ** index,
);

const latencyCounts = z.array(z.int().min(0)).length(LATENCY_BOUNDS_MS.length + 1);

/** Since the process started. */
export const acceleratorCountersSchema = z.object({
	itemHits: z.int().min(0),
	itemMisses: z.int().min(0),
	queryHits: z.int().min(0),
	queryMisses: z.int().min(0),
	writes: z.int().min(0),
	passed: z
		.int()
		.min(0)
		.describe("calls that the cache can't answer, such as strongly consistent reads"),
	failed: z.int().min(0).describe("calls that got an error of the accelerator's own"),
	upstreamCalls: z.int().min(0),
	savedCalls: z.int().min(0).describe("calls that the upstream would have got without the cache"),
	savedHalfUnits: z
		.int()
		.describe(
			"halves of read units that the cache saved, less those of strong reads that it needed",
		),
	hitMs: latencyCounts,
	missMs: latencyCounts,
	writeMs: latencyCounts,
});
export type AcceleratorCounters = z.infer<typeof acceleratorCountersSchema>;

export const acceleratorStateSchema = z.object({
	/** Tells counters of one process from those of another. */
	processId: z.string().max(64),
	cache: z
		.object({ usable: z.boolean(), reason: z.string().max(500).nullable() })
		.describe("whether the instance reaches its cache"),
	counters: acceleratorCountersSchema,
});
export type AcceleratorState = z.infer<typeof acceleratorStateSchema>;
