import { z } from "zod";
import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import type { Logger } from "../../platform/logger.ts";
import { processIdentitySchema } from "../../platform/process-identity.ts";

/** What Sentinel was told of a cache at last. It may have another primary by now: then it decided so itself. */
const appliedCacheSchema = z.object({
	primary: z.object({ host: z.string(), port: z.int() }),
	/** Sha256 of quorum, credentials and timings. */
	settings: z.string(),
	/** All nodes of the cache, as host:port. */
	members: z.array(z.string()),
	/** Ids of the hosts whose Sentinels watch it. */
	hosts: z.array(z.string()),
	/** No other primary that an epoch up to this one named is news. */
	epoch: z.int(),
});
export type AppliedCache = z.infer<typeof appliedCacheSchema>;

/** What an agent must remember of its Sentinel beyond its own life. */
const sentinelRecordSchema = z.object({
	format: z.literal(1),
	identity: processIdentitySchema.nullable(),
	bindAddress: z.string().nullable(),
	port: z.int().nullable(),
	/** By cache id. */
	caches: z.record(z.string(), appliedCacheSchema),
});
export type SentinelRecord = z.infer<typeof sentinelRecordSchema>;

const EMPTY_RECORD: SentinelRecord = {
	format: 1,
	identity: null,
	bindAddress: null,
	port: null,
	caches: {},
};

/** A damaged record counts as none: Sentinel is then found by its directory, and believed in what it holds. */
export async function readSentinelRecord(path: string, logger: Logger): Promise<SentinelRecord> {
	const text = await readFileIfExists(path);
	if (text === null) return EMPTY_RECORD;
	try {
		return sentinelRecordSchema.parse(JSON.parse(text));
	} catch (error) {
		logger.warn({ err: error }, "the Sentinel's record can't be read; looking for its process");
		return EMPTY_RECORD;
	}
}

export async function writeSentinelRecord(path: string, record: SentinelRecord): Promise<void> {
	await writeFileAtomic(path, JSON.stringify(record));
}
