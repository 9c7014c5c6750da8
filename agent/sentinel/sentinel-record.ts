import { z } from "zod";
import { serviceRecordSchema } from "../services/service-record.ts";

/** What Sentinel was last told about a cache. If it has another primary now, it decided that itself. */
const appliedCacheSchema = z.object({
	primary: z.object({ host: z.string(), port: z.int() }),
	/** Sha256 of quorum, credentials and timings. */
	settings: z.string(),
	/** All nodes of the cache, as host:port. */
	members: z.array(z.string()),
	/** Ids of the hosts whose Sentinels watch it. */
	hosts: z.array(z.string()),
	/** The newest known epoch: an earlier epoch that names another primary isn't news. */
	epoch: z.int(),
});
export type AppliedCache = z.infer<typeof appliedCacheSchema>;

/** What an agent must remember of its Sentinel beyond its own lifetime. */
export const sentinelRecordSchema = serviceRecordSchema.extend({
	bindAddress: z.string().nullable().default(null),
	port: z.int().nullable().default(null),
	/** By cache id. Without an entry, the agent believes a primary that Sentinels elected. */
	caches: z.record(z.string(), appliedCacheSchema).default({}),
});
export type SentinelRecord = z.infer<typeof sentinelRecordSchema>;
