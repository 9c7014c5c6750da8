import { z } from "zod";
import { cacheNameSchema, snapshotNameSchema, tagsSchema } from "./cache.ts";
import { SNAPSHOT_KINDS, SNAPSHOT_STATUSES } from "./choices.ts";
import { cacheKindSchema, clusterModeSchema, engineSchema } from "./enums.ts";
import { hostNameSchema } from "./host.ts";
import { LIMITS } from "./limits.ts";
import { cursorSchema, limitSchema, pageOf } from "./pagination.ts";
import { persistenceSchema } from "./persistence.ts";

const storeNameSchema = z.string().min(1).max(63);
/** As requests name it: stores/<prefix of the store> is before it. */
const objectKeySchema = z
	.string()
	.max(512)
	.regex(
		/^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/,
		"must be the path of an object in the store, such as imports/dump.rdb",
	);

const hostPathSchema = z
	.string()
	.max(4_096)
	.regex(/^\/(?!.*\0)/, "must be an absolute path on the host, such as /var/lib/redis/dump.rdb");

export const snapshotStatusSchema = z.enum(SNAPSHOT_STATUSES);
export type SnapshotStatus = z.infer<typeof snapshotStatusSchema>;

export const snapshotKindSchema = z.enum(SNAPSHOT_KINDS);
export type SnapshotKind = z.infer<typeof snapshotKindSchema>;

/** What the cache was when its snapshot was taken, and what a restore of it is compared with. */
export const snapshotSourceSchema = z.object({
	engine: engineSchema,
	engineVersion: z.string().describe("that the cache ran, such as 9.1.2"),
	kind: cacheKindSchema,
	clusterMode: clusterModeSchema,
	nodeType: z.string(),
	nodeMemoryBytes: z.number(),
	replicasPerShard: z.number(),
	parameterGroup: z.string(),
	parameters: z.record(z.string(), z.string()).describe("that differ from the family's defaults"),
	persistence: persistenceSchema.default("none"),
	dataBytes: z
		.number()
		.nullable()
		.describe("memory that its data took, of all shards; null if unknown"),
});
export type SnapshotSource = z.infer<typeof snapshotSourceSchema>;

export const snapshotSchema = z.object({
	name: z.string(),
	kind: snapshotKindSchema,
	cache: z.string().describe("the cache that it was taken of, which may be gone"),
	status: snapshotStatusSchema,
	statusReason: z.string().nullable(),
	percent: z.number().describe("0 to 100"),
	progress: z
		.object({
			copiedBytes: z.number().describe("that have arrived on the hosts from the engines"),
			storedBytes: z.number().describe("that the store has received"),
			estimatedEndAt: z.string().nullable().describe("null until it can be estimated"),
		})
		.nullable()
		.describe("of a snapshot that is being taken; null for another"),
	awaitsUpload: z.boolean().describe("whether it is an import whose files must be uploaded"),
	store: z.string(),
	directory: z.string().describe("of its files in the store, below the store's path or prefix"),
	engine: engineSchema,
	engineVersion: z.string(),
	cacheKind: cacheKindSchema.describe("of the cache that it was taken of"),
	clusterMode: clusterModeSchema,
	nodeType: z
		.string()
		.describe("of the cache; of imported files, what a restore takes unless it names another"),
	replicasPerShard: z.number().describe("see nodeType"),
	parameterGroup: z.string().describe("see nodeType"),
	parameters: z.record(z.string(), z.string()),
	persistence: persistenceSchema,
	shards: z.array(
		z.object({
			slots: z.string().nullable().describe("such as 0-5460; null with cluster mode disabled"),
			keys: z.number().nullable().describe("null until its file is in the store"),
			bytes: z.number().nullable(),
			sha256: z.string().nullable(),
			takenAt: z.string().nullable().describe("its data is as of this moment"),
		}),
	),
	keys: z.number().nullable().describe("of all shards"),
	bytes: z.number().nullable(),
	spreadMs: z
		.number()
		.nullable()
		.describe("how far apart the moments of its shards are; each shard is consistent by itself"),
	dataBytes: z.number().nullable().describe("memory that the data took in the cache"),
	tags: z.record(z.string(), z.string()),
	createdAt: z.string(),
	availableAt: z.string().nullable(),
	expiresAt: z.string().nullable().describe("when Larder deletes it; null for never"),
});
export type Snapshot = z.infer<typeof snapshotSchema>;

export const snapshotPageSchema = pageOf(snapshotSchema).extend({ total: z.number() });

export const createSnapshotInputSchema = z.strictObject({
	name: snapshotNameSchema,
	cache: cacheNameSchema,
	store: storeNameSchema
		.optional()
		.describe("where it is kept; if absent, the control plane's own directory"),
	tags: tagsSchema.default({}),
});
export type CreateSnapshotInput = z.output<typeof createSnapshotInputSchema>;

export const snapshotRefSchema = z.strictObject({ name: snapshotNameSchema });

export const listSnapshotsInputSchema = z.strictObject({
	limit: limitSchema,
	cursor: cursorSchema.optional(),
	search: z.string().max(100).optional().describe("part of the snapshot's or the cache's name"),
	cache: cacheNameSchema.optional().describe("only snapshots of this cache"),
	status: snapshotStatusSchema.optional(),
	kind: snapshotKindSchema.optional(),
	store: storeNameSchema.optional().describe("only snapshots in this store"),
});
export type ListSnapshotsInput = z.output<typeof listSnapshotsInputSchema>;

export const copySnapshotInputSchema = snapshotRefSchema.extend({
	target: snapshotNameSchema.describe("name of the copy"),
	tags: tagsSchema.optional().describe("of the copy; if absent, those of the original"),
	store: storeNameSchema
		.optional()
		.describe("where the copy is kept; if absent, beside the original"),
});
export type CopySnapshotInput = z.output<typeof copySnapshotInputSchema>;

export const exportSnapshotInputSchema = snapshotRefSchema.extend({
	store: storeNameSchema.describe("where the files go, as plain RDB files with a manifest"),
	target: snapshotNameSchema
		.optional()
		.describe("name of the copy; if absent, <name>-<store>, shortened if need be"),
});

export type ExportSnapshotInput = z.output<typeof exportSnapshotInputSchema>;

export const importSnapshotInputSchema = z
	.strictObject({
		name: snapshotNameSchema,
		store: storeNameSchema
			.optional()
			.describe("where it is kept; if absent, the control plane's own directory"),
		from: z
			.strictObject({
				store: storeNameSchema,
				keys: z
					.array(objectKeySchema)
					.min(1)
					.max(LIMITS.shardsMax)
					.describe("RDB files, one a shard, below the store's path or prefix"),
			})
			.optional()
			.describe("a store that holds the files; if absent, they are uploaded"),
		fromHost: z
			.strictObject({
				host: hostNameSchema,
				paths: z
					.array(hostPathSchema)
					.min(1)
					.max(LIMITS.shardsMax)
					.describe("RDB files on the host, one a shard"),
			})
			.optional()
			.describe(
				"a host that has the files, below a directory that its LARDER_IMPORT_DIRECTORIES names",
			),
		files: z
			.int()
			.min(1)
			.max(LIMITS.shardsMax)
			.default(1)
			.describe("how many files will be uploaded: one for each shard of a cluster"),
		engine: engineSchema
			.exclude(["memcached"])
			.optional()
			.describe(
				"that caches from it have unless they say otherwise; if absent, the one that wrote it",
			),
		tags: tagsSchema.default({}),
	})
	.refine(({ from, fromHost }) => from === undefined || fromHost === undefined, {
		message: "the files come from a store or from a host: send from or fromHost, and not both",
		path: ["fromHost"],
	});
export type ImportSnapshotInput = z.output<typeof importSnapshotInputSchema>;

/** One of a snapshot's files, as the upload and the download name it. */
export const snapshotFileSchema = snapshotRefSchema.extend({
	shard: z.coerce
		.number()
		.int()
		.min(1)
		.max(LIMITS.shardsMax)
		.default(1)
		.describe("1 for the first"),
});

/** Where an upload should continue. */
export const snapshotUploadSchema = z.object({
	offset: z.number(),
	finished: z.object({ bytes: z.number(), sha256: z.string() }).nullable(),
});

export const modifySnapshotInputSchema = snapshotRefSchema
	.extend({
		newName: snapshotNameSchema.optional(),
		tags: tagsSchema.optional().describe("replaces all tags"),
	})
	.refine(
		({ newName, tags }) => newName !== undefined || tags !== undefined,
		"No modifications were requested: send newName or tags",
	);
export type ModifySnapshotInput = z.output<typeof modifySnapshotInputSchema>;

/** What an agent knows of a shard's file once it has read it. */
export const snapshotContentSchema = z.object({
	rdbVersion: z.int32(),
	keys: z.int(),
	expiringKeys: z.int(),
	lastDatabase: z.int32().describe("the highest number of a database with keys; -1 for none"),
	functions: z.int32(),
	producer: z.string().max(200).nullable(),
});
export type SnapshotContent = z.infer<typeof snapshotContentSchema>;

/** A host's copy of a shard's data, in an assignment: the node's engine is copied once for each id. */
export const snapshotOrderSchema = z.object({
	id: z.string().max(128),
	transferId: z.string().max(128).describe("with which its file goes into the store"),
});
export type SnapshotOrder = z.infer<typeof snapshotOrderSchema>;

/**
 *   waiting   the engine hasn't begun to send its data
 *   saving    its data, as of one moment, arrives in a file of the host
 *   storing   the file goes into the store, and is read to the end
 *   stored    the store has it; nothing of it is left on the host
 *   failed    `message` says why; the host keeps nothing
 */
export const snapshotReportSchema = z.object({
	id: z.string().max(128),
	phase: z.enum(["waiting", "saving", "storing", "stored", "failed"]),
	bytes: z.int().describe("that have arrived or, while storing, that the store has"),
	totalBytes: z.int().nullable().describe("null until the file is complete"),
	sha256: z.string().max(64).nullable(),
	content: snapshotContentSchema.nullable(),
	message: z.string().max(2_000).nullable(),
});
export type SnapshotReport = z.infer<typeof snapshotReportSchema>;

/** What a primary's engine should load when it starts, in an assignment, until the control plane has seen that it did. */
export const restoreOrderSchema = z.object({
	id: z.string().max(128),
	files: z
		.array(
			z.object({
				transferId: z.string().max(128),
				bytes: z.int(),
				sha256: z.string().max(64),
				keys: z.int(),
			}),
		)
		.max(LIMITS.shardsMax)
		.nullable()
		.describe("null while the transfers aren't there yet: the engine must not start"),
	slots: z
		.array(z.object({ first: z.int32(), last: z.int32() }))
		.nullable()
		.describe("the only ones to take from the files; null for all keys"),
});
export type RestoreOrder = z.infer<typeof restoreOrderSchema>;

/**
 *   fetching   files arrive from the store
 *   ready      what the engine will load is on the host; `keys` says how many keys it should find
 *   failed     `message` says why
 */
export const restoreReportSchema = z.object({
	id: z.string().max(128),
	phase: z.enum(["fetching", "ready", "failed"]),
	bytes: z.int(),
	totalBytes: z.int(),
	keys: z.int().nullable(),
	message: z.string().max(2_000).nullable(),
});
export type RestoreReport = z.infer<typeof restoreReportSchema>;
