import type { Peaks } from "../domain/metering/needed-size.ts";
import { RESOLUTIONS } from "../domain/metrics/resolutions.ts";
import type { Database, Transaction } from "./database.ts";

/**
 * The most that nodes needed: of data and clients in any sample of the last hour, any average of a minute in the last day, and
 * any of 15 minutes before that; of processors in any average, because a moment at full speed is no need. Of data and
 * processors the busiest node of each shard counts, of Memcached every node; clients add up.
 */
export async function readPeaks(
	db: Database | Transaction,
	cacheId: string,
	from: Date,
): Promise<Peaks> {
	const rows = await db.$queryRaw<
		{ engine: string; shardId: string; bytes: number; cpu: number; clients: number }[]
	>`
		SELECT n."engine", n."shardId", max(s."memoryUsedBytes") AS "bytes", max(s."clients") AS "clients",
			coalesce(max(s."cpuPercent") FILTER (WHERE s."resolutionSeconds" > ${RESOLUTIONS[0].seconds}), 0) AS "cpu"
		FROM "MetricSample" AS s JOIN "Node" AS n ON n."id" = s."nodeId"
		WHERE n."cacheId" = ${cacheId} AND s."resolutionSeconds" <= 900 AND s."at" >= ${from}
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
