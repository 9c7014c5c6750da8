import { z } from "zod";
import { CACHE_SORTS } from "./choices.ts";
import { cacheKindSchema, cacheStatusSchema, engineSchema } from "./enums.ts";
import { instantSchema } from "./instant.ts";
import { LIMITS } from "./limits.ts";
import { metricsRangeSchema } from "./metrics.ts";
import { cursorSchema, limitSchema } from "./pagination.ts";
import { limitsInputSchema } from "./serverless.ts";

/** ElastiCache's rule for identifiers; names are stored in lower case. */
export const cacheNameSchema = z
	.string("name is required")
	.min(1, "name is required")
	.max(LIMITS.nameMaxLength, `name can have at most ${LIMITS.nameMaxLength} characters`)
	.regex(/^[A-Za-z]/, "name must begin with a letter")
	.regex(/^[A-Za-z0-9-]*$/, "name can hold only letters, digits and hyphens")
	.regex(/^(?!.*--)/s, "name can't contain two hyphens in a row")
	.regex(/[^-]$/, "name can't end with a hyphen")
	.transform((name) => name.toLowerCase());

const noControlCharacters = /^[^\p{Cc}]*$/u;

export const tagsSchema = z
	.record(
		z
			.string()
			.min(1, "a tag key can't be empty")
			.max(
				LIMITS.tagKeyMaxLength,
				`a tag key can have at most ${LIMITS.tagKeyMaxLength} characters`,
			)
			.regex(noControlCharacters, "a tag key can't contain control characters"),
		z
			.string()
			.max(
				LIMITS.tagValueMaxLength,
				`a tag value can have at most ${LIMITS.tagValueMaxLength} characters`,
			)
			.regex(noControlCharacters, "a tag value can't contain control characters"),
	)
	.refine(
		(tags) => Object.keys(tags).length <= LIMITS.tagsMax,
		`a cache can have at most ${LIMITS.tagsMax} tags`,
	);

export const descriptionSchema = z
	.string()
	.max(
		LIMITS.descriptionMaxLength,
		`description can have at most ${LIMITS.descriptionMaxLength} characters`,
	)
	.regex(noControlCharacters, "description can't contain control characters");

export const cacheRefSchema = z.strictObject({ name: cacheNameSchema });

/** As ElastiCache's: letters, digits, hyphens, a letter first. Stored in lower case. */
export const snapshotNameSchema = z
	.string("a snapshot name is required")
	.min(1, "a snapshot name is required")
	.max(
		LIMITS.snapshotNameMaxLength,
		`a snapshot name can have at most ${LIMITS.snapshotNameMaxLength} characters`,
	)
	.regex(
		/^[A-Za-z](?!.*--)[A-Za-z0-9-]*(?<!-)$/,
		"a snapshot name begins with a letter, holds only letters, digits and hyphens, doesn't end with a hyphen, and has no two hyphens in a row",
	)
	.transform((name) => name.toLowerCase());

export const deleteCacheInputSchema = cacheRefSchema
	.extend({
		finalSnapshot: snapshotNameSchema
			.optional()
			.describe(
				"name of a snapshot to take first; if it fails, the cache stays. What clients write while it is taken is lost",
			),
		skipFinalSnapshot: z
			.stringbool()
			.or(z.boolean())
			.optional()
			.describe(
				"deletes the data although deletion protection was on within the last hour; without it, such a cache needs finalSnapshot",
			),
	})
	.refine(
		({ finalSnapshot, skipFinalSnapshot }) =>
			finalSnapshot === undefined || skipFinalSnapshot !== true,
		{
			message: "skipFinalSnapshot can't be true with finalSnapshot: send one of them",
			path: ["skipFinalSnapshot"],
		},
	);
export type DeleteCacheInput = z.output<typeof deleteCacheInputSchema>;

/** How slots are spread over shards. */
export const weightBySchema = z.enum(["slots", "bytes"]);
export type WeightBy = z.infer<typeof weightBySchema>;

export const shardNameSchema = z.string().regex(/^\d{4}$/, "shard must look like 0001");

export const rebalanceInputSchema = cacheRefSchema.extend({
	weightBy: weightBySchema
		.optional()
		.describe(
			"slots: all shards get equally many; bytes: all hold about the same amount of data, assuming that the slots of a shard hold equal amounts",
		),
});
export type RebalanceInput = z.output<typeof rebalanceInputSchema>;

export const setSlotsInputSchema = z.strictObject({
	name: cacheNameSchema,
	slots: z
		.array(z.string().max(4_096))
		.min(1)
		.max(LIMITS.shardsMax)
		.describe("of each shard in order, such as 0-5460 or 0-100,200-300; together all of them"),
});
export type SetSlotsInput = z.output<typeof setSlotsInputSchema>;

export const previewSlotsInputSchema = rebalanceInputSchema
	.extend({
		slots: setSlotsInputSchema.shape.slots
			.optional()
			.describe(
				"of each shard in order, such as 0-5460 or 0-100,200-300; if absent, spread evenly",
			),
	})
	.refine(({ slots, weightBy }) => slots === undefined || weightBy === undefined, {
		path: ["weightBy"],
		message: "weightBy is for slots that are spread evenly; leave out slots or weightBy",
	});
export type PreviewSlotsInput = z.output<typeof previewSlotsInputSchema>;

export const rebootCacheInputSchema = z.strictObject({
	name: cacheNameSchema,
	nodes: z
		.array(z.string().min(1).max(80))
		.min(1)
		.max(500)
		.optional()
		.describe("member names such as orders-001; if absent, all nodes, one per shard at a time"),
});

export const failoverCacheInputSchema = z.strictObject({
	name: cacheNameSchema,
	shard: shardNameSchema.optional().describe("required if the cache has more than one"),
	node: z
		.string()
		.min(1)
		.max(80)
		.optional()
		.describe("the new primary, such as orders-002; if absent, the best replica in sync"),
});

export const cacheSortSchema = z.enum(CACHE_SORTS);
export type CacheSort = z.infer<typeof cacheSortSchema>;

export const listCachesInputSchema = z.strictObject({
	limit: limitSchema,
	cursor: cursorSchema.optional(),
	search: z.string().max(100).optional().describe("part of a name or description"),
	status: cacheStatusSchema.optional(),
	kind: cacheKindSchema.optional(),
	engine: engineSchema.optional(),
	sort: cacheSortSchema
		.default("-created")
		.describe("a leading minus reverses the order; a cursor keeps it"),
});

export const cacheMetricsInputSchema = cacheRefSchema.extend({
	range: metricsRangeSchema.default("1h"),
	since: instantSchema
		.optional()
		.describe("only samples from this time on, for a client that already has the earlier ones"),
});

export const listScalingInputSchema = cacheRefSchema.extend({
	limit: limitSchema,
	cursor: cursorSchema.optional(),
});

export const replayScalingInputSchema = cacheRefSchema.extend({
	range: metricsRangeSchema.default("24h"),
	limits: limitsInputSchema
		.optional()
		.describe("other limits to assume; those that you leave out are the cache's own"),
});
