import { ACCELERATOR_INSTANCE_BYTES } from "../contract/limits.ts";
import { Prisma, type Transaction } from "./database.ts";

/** Instances of accelerators on each host. */
const ACCELERATORS = Prisma.sql`
	LEFT JOIN (
		SELECT "hostId", count(*) AS "count" FROM "AcceleratorInstance" GROUP BY "hostId"
	) AS "accelerators" ON "accelerators"."hostId" = "Host"."id"`;
/** What a host's nodes ("used") and instances of accelerators take of its memory. */
const USED_MEMORY = Prisma.sql`
	(coalesce("used"."memoryBytes", 0)
		+ coalesce("accelerators"."count", 0) * ${ACCELERATOR_INSTANCE_BYTES}::bigint
	)::bigint AS "usedMemoryBytes"`;

export interface HostUsage {
	id: string;
	name: string;
	zone: string;
	cpus: number;
	memoryBytes: bigint;
	/** Promised to its nodes, and to its instances of accelerators. */
	usedMemoryBytes: bigint;
	usedCpuMillis: number;
	/** Of its nodes, of those that it must still stop, and of those that it had a moment ago. */
	ports: number[];
}

/**
 * What nodes and accelerators use on each host that accepts nodes, sorted by host name; ports that were released after `releasedAfter`
 * count as used. The database adds it up: a placement looks at every node of the fleet.
 */
export function readHostUsage(tx: Transaction, releasedAfter: Date): Promise<HostUsage[]> {
	return tx.$queryRaw<HostUsage[]>`
		SELECT "id", "name", "zone", "cpus", "Host"."memoryBytes",
			${USED_MEMORY},
			coalesce("used"."cpuMillis", 0)::int AS "usedCpuMillis",
			coalesce("used"."ports", '{}') || ARRAY(
				SELECT "port" FROM "AbandonedNode" WHERE "hostId" = "Host"."id"
			) || ARRAY(
				SELECT "port" FROM "ReleasedPort"
				WHERE "hostId" = "Host"."id" AND "releasedAt" > ${releasedAfter}
			) AS "ports"
		FROM "Host" LEFT JOIN (
			SELECT "hostId", sum("memoryBytes") AS "memoryBytes", sum("cpuMillis") AS "cpuMillis",
				array_agg("port") AS "ports"
			FROM "Node" GROUP BY "hostId"
		) AS "used" ON "used"."hostId" = "Host"."id"
		${ACCELERATORS}
		WHERE NOT "cordoned" AND "drainRequestedAt" IS NULL AND "lostAt" IS NULL AND NOT "lossConfirmed"
		ORDER BY "name"`;
}

export interface HostMemory {
	id: string;
	zone: string;
	takesNodes: boolean;
	draining: boolean;
	/** Of accelerators. */
	instances: number;
	cpus: number;
	memoryBytes: bigint;
	usedMemoryBytes: bigint;
	freeCpuMillis: number;
}

/** The memory of each host that isn't lost, and how much of it is promised to nodes and accelerators. */
export function readHostMemory(tx: Transaction, overcommit: number): Promise<HostMemory[]> {
	return tx.$queryRaw<HostMemory[]>`
		SELECT "id", "zone", "cpus", "Host"."memoryBytes",
			NOT "cordoned" AND "drainRequestedAt" IS NULL AS "takesNodes",
			"drainRequestedAt" IS NOT NULL AS "draining",
			coalesce("accelerators"."count", 0)::int AS "instances",
			${USED_MEMORY},
			("cpus" * 1000 * ${overcommit}::float8)::int - coalesce("used"."cpuMillis", 0)::int AS "freeCpuMillis"
		FROM "Host" LEFT JOIN (
			SELECT "hostId", sum("memoryBytes") AS "memoryBytes", sum("cpuMillis") AS "cpuMillis"
			FROM "Node" GROUP BY "hostId"
		) AS "used" ON "used"."hostId" = "Host"."id"
		${ACCELERATORS}
		WHERE "lostAt" IS NULL AND NOT "lossConfirmed"
		ORDER BY "id"`;
}

/** The ports of all endpoints but those of the cache or accelerator `but`. */
export async function readEndpointPorts(tx: Transaction, but: string | null): Promise<number[]> {
	const [row] = await tx.$queryRaw<{ ports: number[] }[]>`
		SELECT coalesce(array_agg("each"), '{}') AS "ports"
		FROM (
			SELECT "id", "port" AS "each" FROM "Cache"
			UNION ALL SELECT "id", "readerPort" FROM "Cache"
			UNION ALL SELECT "id", "port" FROM "Accelerator"
		) AS "endpoint"
		WHERE "each" IS NOT NULL AND "id" IS DISTINCT FROM ${but}`;
	return row?.ports ?? [];
}

/** The ports that nodes have on any host. */
export async function readNodePorts(tx: Transaction): Promise<number[]> {
	const rows = await tx.$queryRaw<{ port: number }[]>`SELECT DISTINCT "port" FROM "Node"`;
	return rows.map(({ port }) => port);
}
