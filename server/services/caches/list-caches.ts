import type { z } from "zod";
import type { CacheSort, CacheSummary, listCachesInputSchema } from "../../contract/index.ts";
import { engineSchema } from "../../contract/index.ts";
import { usableMemoryBytes } from "../../contract/usable-memory.ts";
import { toCacheSummary } from "../../data/cache-view.ts";
import { decodeCursor, decodeTextCursor, toPage } from "../../data/cursor.ts";
import type { Prisma } from "../../data/database.ts";
import { findParameterGroups } from "../../data/parameter-groups.ts";
import { readFullCaches } from "../../data/read-full-caches.ts";
import type { Resources } from "../context.ts";

/** Newest first unless `sort` says otherwise. `total` counts what the filter matches, over all pages. */
export async function listCaches(
	resources: Resources,
	input: z.output<typeof listCachesInputSchema>,
): Promise<{ items: CacheSummary[]; nextCursor: string | null; total: number }> {
	const { db } = resources;
	const order = orderOf(input.sort);
	const after = placeAfter(order, input.cursor);
	const matches: Prisma.CacheWhereInput = {
		...(input.status !== undefined && { status: input.status }),
		...(input.kind !== undefined && { kind: input.kind }),
		...(input.engine !== undefined && { engine: input.engine }),
		...(input.search !== undefined && {
			OR: [
				{ name: { contains: input.search, mode: "insensitive" } },
				{ description: { contains: input.search, mode: "insensitive" } },
			],
		}),
	};
	const [found, total] = await Promise.all([
		db.cache.findMany({
			where: after === null ? matches : { AND: [matches, after] },
			orderBy: [{ [order.key]: order.direction }, { id: order.direction }],
			take: input.limit + 1,
			select: { id: true, createdAt: true, name: true, engine: true, status: true },
		}),
		db.cache.count({ where: matches }),
	]);
	const page = toPage(found, input.limit, (row) => ({ at: row[order.key], id: row.id }));
	const full = await readFullCaches(
		db,
		page.rows.map(({ id }) => id),
	);
	const byId = new Map(full.map((cache) => [cache.id, cache]));
	// One may have been deleted meanwhile.
	const rows = page.rows.flatMap(({ id }) => byId.get(id) ?? []);
	const groups = await findParameterGroups(db, new Set(rows.map((row) => row.parameterGroup)));
	return {
		items: rows.map((row) => {
			const usableNodeBytes = usableMemoryBytes({
				engine: engineSchema.parse(row.engine),
				memoryBytes: Number(row.nodeMemoryBytes),
				overrides: groups.get(row.parameterGroup)?.overrides ?? {},
			});
			return toCacheSummary(row, resources, usableNodeBytes);
		}),
		nextCursor: page.nextCursor,
		total,
	};
}

interface Order {
	key: "createdAt" | "name" | "engine" | "status";
	direction: "asc" | "desc";
}

function orderOf(sort: CacheSort): Order {
	const column = sort.replace(/^-/, "") as "created" | Order["key"];
	return {
		key: column === "created" ? "createdAt" : column,
		direction: sort.startsWith("-") ? "desc" : "asc",
	};
}

/** Caches that come after the cursor's; null for all. */
function placeAfter(
	{ key, direction }: Order,
	cursor: string | undefined,
): Prisma.CacheWhereInput | null {
	const after = key === "createdAt" ? decodeCursor(cursor) : decodeTextCursor(cursor);
	if (after === null) return null;
	const beyond = direction === "asc" ? "gt" : "lt";
	return {
		OR: [{ [key]: { [beyond]: after.at } }, { [key]: after.at, id: { [beyond]: after.id } }],
	};
}
