import { z } from "zod";
import { cacheKindSchema, clusterModeSchema, engineSchema } from "./enums.ts";
import { persistenceSchema } from "./persistence.ts";

/** What a cache is built of, as far as a snapshot's cache and a new one can be compared. */
const cacheBuildSchema = z.object({
	kind: cacheKindSchema,
	engine: engineSchema,
	engineVersion: z.string(),
	clusterMode: clusterModeSchema,
	shards: z.number(),
	replicasPerShard: z.number(),
	nodeType: z.string().describe("serverless for a serverless cache, which has none"),
	parameterGroup: z.string(),
	persistence: persistenceSchema,
});
export type CacheBuild = z.infer<typeof cacheBuildSchema>;

/** What a request for a new cache would create, if it were sent now. */
export const creationPreviewSchema = z.object({
	cache: cacheBuildSchema
		.nullable()
		.describe(
			"the cache, with everything that the request leaves out; null if its parts don't fit together",
		),
	source: cacheBuildSchema
		.nullable()
		.describe("the cache that the snapshot was taken of, as it was; null without a snapshot"),
	problems: z
		.array(z.object({ field: z.string().nullable(), message: z.string() }))
		.describe("why Larder would refuse the request"),
});
export type CreationPreview = z.infer<typeof creationPreviewSchema>;
