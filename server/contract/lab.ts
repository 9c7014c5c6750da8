import { z } from "zod";
import { cursorSchema, limitSchema, pageOf } from "./pagination.ts";
import { wholeNumber } from "./whole-number.ts";

export const LAB_STRATEGIES = [
	"no-cache",
	"cache-aside",
	"ttl-only",
	"early-refresh",
	"write-through",
	"write-around",
	"write-behind",
] as const;
export const labStrategySchema = z.enum(LAB_STRATEGIES);
export type LabStrategy = z.infer<typeof labStrategySchema>;

export const LAB_STRATEGY_NAMES: Readonly<Record<LabStrategy, string>> = {
	"no-cache": "No cache",
	"cache-aside": "Cache-aside",
	"ttl-only": "Cache-aside, TTL only",
	"early-refresh": "Cache-aside, early refresh",
	"write-through": "Write-through",
	"write-around": "Write-around",
	"write-behind": "Write-behind",
};

/** Bounds of a run. A run's values take at most `dataBytesMax` in each strategy's database. */
export const LAB_LIMITS = {
	strategiesMax: 3,
	durationSecondsMax: 120,
	clientsMax: 64,
	keysMax: 1_000_000,
	operationsPerSecondMax: 20_000,
	itemBytesMax: 65_536,
	dataBytesMax: 256 * 1024 ** 2,
	ttlSecondsMax: 3_600,
	databaseLatencyMsMax: 1_000,
} as const;

const L = LAB_LIMITS;
const readShareMessage = "readShare must be 0 to 1";
const skewMessage = "keySkew must be 0 to 2";

export const labWorkloadSchema = z
	.strictObject({
		keys: wholeNumber("keys", 1, L.keysMax)
			.default(10_000)
			.describe("how many items the database has"),
		keySkew: z
			.number(skewMessage)
			.min(0, skewMessage)
			.max(2, skewMessage)
			.default(0.99)
			.describe("exponent of the Zipf distribution of keys; 0: all are equally likely"),
		readShare: z
			.number(readShareMessage)
			.min(0, readShareMessage)
			.max(1, readShareMessage)
			.default(0.9)
			.describe("share of operations that read, 0 to 1"),
		itemBytes: wholeNumber("itemBytes", 1, L.itemBytesMax).default(500),
		ttlSeconds: wholeNumber("ttlSeconds", 1, L.ttlSecondsMax).default(10),
		databaseLatencyMs: wholeNumber("databaseLatencyMs", 0, L.databaseLatencyMsMax)
			.default(5)
			.describe("added to each query"),
		clients: wholeNumber("clients", 1, L.clientsMax)
			.default(16)
			.describe("for each strategy; each sends one operation at a time"),
		operationsPerSecond: wholeNumber("operationsPerSecond", 1, L.operationsPerSecondMax)
			.nullable()
			.default(1_000)
			.describe("for each strategy; null: as many as its clients can"),
		durationSeconds: wholeNumber("durationSeconds", 1, L.durationSecondsMax).default(20),
	})
	.refine(({ keys, itemBytes }) => keys * itemBytes <= L.dataBytesMax, {
		message: "keys times itemBytes can be at most 256 MiB. Send fewer keys or smaller items.",
		path: ["itemBytes"],
	});
export type LabWorkload = z.output<typeof labWorkloadSchema>;

export const createLabRunInputSchema = z.strictObject({
	cache: z
		.string("cache is required")
		.min(1, "cache is required")
		.max(40)
		.describe("an available Valkey or Redis OSS cache"),
	strategies: z
		.array(labStrategySchema)
		.min(1, "strategies must name at least one strategy")
		.max(L.strategiesMax, `strategies can name at most ${L.strategiesMax}`)
		.refine((names) => new Set(names).size === names.length, "strategies must differ")
		.default(["no-cache", "cache-aside", "write-through"]),
	workload: labWorkloadSchema.prefault({}),
});
export type CreateLabRunInput = z.output<typeof createLabRunInputSchema>;

/** Percentiles in milliseconds; null if there was no such operation. */
const latencySchema = z.object({ p50Ms: z.number().nullable(), p99Ms: z.number().nullable() });

export const labSampleSchema = z.object({
	seconds: z.number().describe("since the start, at the end of the interval"),
	strategies: z.array(
		z.object({
			hitRate: z.number().nullable().describe("0 to 1; null without reads or without a cache"),
			operationsPerSecond: z.number(),
			databaseQueriesPerSecond: z.number(),
			readP99Ms: z.number().nullable(),
			writeP99Ms: z.number().nullable(),
			staleReads: z.number(),
		}),
	),
});
export type LabSample = z.infer<typeof labSampleSchema>;

export const labResultSchema = z.object({
	strategy: labStrategySchema,
	reads: z.number(),
	writes: z.number(),
	errors: z.number(),
	operationsPerSecond: z.number(),
	hitRate: z.number().nullable().describe("0 to 1; null without reads or without a cache"),
	simulatedHitRate: z
		.number()
		.nullable()
		.describe("of a simulation of the same operations; null without reads or without a cache"),
	databaseReads: z.number(),
	databaseWrites: z.number().describe("queries that write; write-behind writes many keys with one"),
	databaseQueriesPerSecond: z.number(),
	read: latencySchema,
	write: latencySchema,
	staleReads: z.number().describe("reads that got an older version than one written before"),
	cacheKeys: z.number().describe("keys in the cache at the end"),
	cacheBytes: z.number().describe("memory that they took, by the engine's own count of a sample"),
	findings: z.array(z.string()).describe("two sentences, made from these figures"),
});
export type LabResult = z.infer<typeof labResultSchema>;

export const labStatusSchema = z.enum(["running", "completed", "stopped", "failed"]);
export type LabStatus = z.infer<typeof labStatusSchema>;

export const labRunSchema = z.object({
	id: z.string(),
	status: labStatusSchema,
	statusReason: z.string().nullable().describe("why it failed or was stopped"),
	cache: z.string(),
	engine: z.string().describe("with its version"),
	strategies: z.array(labStrategySchema),
	workload: z.object(labWorkloadSchema.shape),
	requestedBy: z.string(),
	createdAt: z.string(),
	endedAt: z.string().nullable(),
	samples: z.array(labSampleSchema).describe("one for each second"),
	results: z.array(labResultSchema).describe("in the order of strategies; empty while it runs"),
});
export type LabRun = z.infer<typeof labRunSchema>;

export const labRunSummarySchema = labRunSchema.omit({ samples: true });
export type LabRunSummary = z.infer<typeof labRunSummarySchema>;
export const labRunPageSchema = pageOf(labRunSummarySchema);

export const labRunRefSchema = z.strictObject({
	id: z.string("id is required").min(1).max(64),
});
export const listLabRunsInputSchema = z.strictObject({
	limit: limitSchema,
	cursor: cursorSchema.optional(),
});

/** What the control plane sends its lab process; only there does it include the password. */
export const labTaskSchema = z.object({
	kind: z.enum(["run", "clean"]),
	runId: z.string(),
	/** For the database's files, which the process creates and removes. */
	directory: z.string(),
	connection: z.object({
		host: z.string(),
		port: z.number(),
		username: z.string().nullable(),
		password: z.string().nullable(),
		isCluster: z.boolean(),
	}),
	strategies: z.array(labStrategySchema),
	workload: z.object(labWorkloadSchema.shape),
});
export type LabTask = z.infer<typeof labTaskSchema>;

/** What the lab process answers. `done` is the last message. */
export const labMessageSchema = z.discriminatedUnion("kind", [
	z.object({ kind: z.literal("sample"), sample: labSampleSchema }),
	z.object({
		kind: z.literal("done"),
		results: z.array(labResultSchema),
		/** Why it couldn't run; null if it did. */
		failure: z.string().nullable(),
		/** Whether the cache and the directory have nothing left of the run. */
		isClean: z.boolean(),
	}),
]);
export type LabMessage = z.infer<typeof labMessageSchema>;

/** The beginning of all keys of a run. */
export function labPrefix(runId: string): string {
	return `larder-lab:${runId}:`;
}
