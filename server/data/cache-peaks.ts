import type { Peaks } from "../domain/metering/needed-size.ts";
import type { Database, Transaction } from "./database.ts";

/**
 * The most that nodes needed in any average of 15 minutes (or of a minute, in the last day): of data and processors the
 * busiest node of each shard counts, of Memcached every node; clients add up.
 */
export async function readPeaks(
	db: Database | Transaction,
	cacheId: string,
	from: Date,
): Promise<Peaks> {
	const rows = await db.$queryRaw<
		{ engine: string; shardId: string; bytes: number; cpu: number; clients: number }[]
	>`
		SELECT n."engine", n."shardId", max(s."memoryUsedBytes") AS "bytes", max(s."cpuPercent") AS "cpu",
			max(s."clients") AS "clients"
		FROM "MetricSample" AS s JOIN "Node" AS n ON n."id" = s."nodeId"
		WHERE n."cacheId" = ${cacheId} AND s."resolutionSeconds" IN (60, 900) AND s."at" >= ${from}
		GROUP BY n."id", n."engine", n."shardId"`;
	const groups = new Map<string, { bytes: number; cpu: number }>();
	for (const [index, { engine, shardId, bytes, cpu }] of rows.entries()) {
		const key = engine === "memcached" ? String(index) : shardId;
		const held = groups.get(key) ?? { bytes: 0, cpu: 0 };
		groups.set(key, { bytes: Math.max(held.bytes, bytes), cpu: Math.max(held.cpu, cpu) });
	}
	const all = [...groups.values()];
	return {
		dataBytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
		cores: all.reduce((sum, { cpu }) => sum + cpu / 100, 0),
		clients: rows.reduce((sum, { clients }) => sum + clients, 0),
	};
}
