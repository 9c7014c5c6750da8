import type { FullCache } from "./cache-mapping.ts";
import {
	type CacheRow,
	type Database,
	type HostRow,
	type NodeRow,
	type OperationRow,
	Prisma,
	type ShardRow,
	type Transaction,
} from "./database.ts";

/** The columns that JSON has no type for. */
type KeysOf<Row, Type> = {
	[Key in keyof Row]-?: Type extends NonNullable<Row[Key]>
		? NonNullable<Row[Key]> extends Type
			? Key
			: never
		: never;
}[keyof Row];
/** A row type's columns of these types, all of them: a new column that is missing here is an error of types. */
interface Conversions<Row> {
	readonly dates: Readonly<Record<KeysOf<Row, Date>, true>>;
	readonly bigints: Readonly<Record<KeysOf<Row, bigint>, true>>;
}

const CACHE: Conversions<CacheRow> = {
	dates: {
		...{ createdAt: true, availableAt: true, deletingAt: true },
		...{ promotionRequestedAt: true, protectionEndedAt: true },
	},
	bigints: { nodeMemoryBytes: true },
};
const SHARD: Conversions<ShardRow> = { dates: { failoverRequestedAt: true }, bigints: {} };
const NODE: Conversions<NodeRow> = {
	dates: { leavingAt: true },
	bigints: { memoryBytes: true, maxmemoryBytes: true },
};
const HOST: Conversions<HostRow> = {
	dates: { joinedAt: true, lastSeenAt: true, drainRequestedAt: true, lostAt: true },
	bigints: { memoryBytes: true },
};
const OPERATION: Conversions<OperationRow> = {
	dates: { startedAt: true, updatedAt: true, endedAt: true },
	bigints: {},
};

/**
 * Reads caches with everything that a plan needs (FULL_CACHE) in one statement, and so as they were at one moment. Prisma
 * takes eight for it, and most of the time of a look at many caches.
 */
export function readFullCaches(
	db: Database | Transaction,
	cacheIds: readonly string[],
): Promise<FullCache[]> {
	return read(db, Prisma.sql`cache."id" = ANY(${[...cacheIds]}::text[])`);
}

/** The same for the cache with that name; null if there is none. */
export async function readFullCache(
	db: Database | Transaction,
	name: string,
): Promise<FullCache | null> {
	const [cache] = await read(db, Prisma.sql`cache."name" = ${name}`);
	return cache ?? null;
}

async function read(db: Database | Transaction, which: Prisma.Sql): Promise<FullCache[]> {
	const rows = await db.$queryRaw<{ text: string }[]>`
		SELECT row_to_json(full_cache)::text AS "text" FROM (
			SELECT cache.*, (
				SELECT coalesce(json_agg(full_shard ORDER BY full_shard."index"), '[]') FROM (
					SELECT shard.*, (
						SELECT coalesce(json_agg(full_node ORDER BY full_node."name"), '[]') FROM (
							SELECT node.*, to_json(host) AS "host"
							FROM "Node" AS node JOIN "Host" AS host ON host."id" = node."hostId"
							WHERE node."shardId" = shard."id"
						) AS full_node
					) AS "nodes" FROM "Shard" AS shard WHERE shard."cacheId" = cache."id"
				) AS full_shard
			) AS "shards", (
				SELECT coalesce(json_agg(operation), '[]') FROM "Operation" AS operation
				WHERE operation."cacheId" = cache."id" AND operation."endedAt" IS NULL
			) AS "operations"
			FROM "Cache" AS cache WHERE ${which}
		) AS full_cache`;
	return rows.map(({ text }) => revive(JSON.parse(text)));
}

/** Gives the columns of all rows their types. */
function revive(cache: FullCache): FullCache {
	convert(cache, CACHE);
	for (const shard of cache.shards) {
		convert(shard, SHARD);
		for (const node of shard.nodes) {
			convert(node, NODE);
			convert(node.host, HOST);
		}
	}
	for (const operation of cache.operations) convert(operation, OPERATION);
	return cache;
}

/** Changes the row in place: until then it is what JSON made of it. */
function convert<Row extends object>(row: Row, { dates, bigints }: Conversions<Row>): void {
	const columns: Record<string, unknown> = row as Record<string, unknown>;
	for (const name of Object.keys(dates)) {
		const text = columns[name];
		// The database's times are in UTC, and don't say so.
		if (typeof text === "string") columns[name] = new Date(`${text}Z`);
	}
	for (const name of Object.keys(bigints)) {
		const value = columns[name];
		if (typeof value === "number") columns[name] = BigInt(value);
	}
}
