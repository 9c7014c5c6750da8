import type { z } from "zod";
import type { ListSnapshotsInput, Snapshot, snapshotPageSchema } from "../../contract/snapshot.ts";
import { olderThan, toPage } from "../../data/cursor.ts";
import type { Prisma } from "../../data/database.ts";
import { FULL_SNAPSHOT } from "../../data/snapshot-view.ts";
import type { Resources } from "../context.ts";
import { findSnapshot } from "./find-snapshot.ts";
import { showSnapshot } from "./show-snapshot.ts";

/** Newest first. */
export async function listSnapshots(
	resources: Resources,
	input: ListSnapshotsInput,
): Promise<z.output<typeof snapshotPageSchema>> {
	const { limit, cursor, search, cache, status, kind, store } = input;
	const contains = { contains: search ?? "", mode: "insensitive" } as const;
	const matches: Prisma.SnapshotWhereInput = {
		...(search !== undefined && { OR: [{ name: contains }, { cacheName: contains }] }),
		...(cache !== undefined && { cacheName: cache }),
		...(status !== undefined && { status }),
		...(kind !== undefined && { kind }),
		...(store !== undefined && { store: { name: store } }),
	};
	const { db } = resources;
	const [rows, total] = await Promise.all([
		db.snapshot.findMany({
			where: { AND: [matches, olderThan("createdAt", cursor)] },
			include: FULL_SNAPSHOT,
			orderBy: [{ createdAt: "desc" }, { id: "desc" }],
			take: limit + 1,
		}),
		db.snapshot.count({ where: matches }),
	]);
	const page = toPage(rows, limit, (row) => ({ at: row.createdAt, id: row.id }));
	const items = page.rows.map((row) => showSnapshot(resources, row));
	return { items, nextCursor: page.nextCursor, total };
}

/** `not_found` if there is no such snapshot. */
export async function getSnapshot(
	resources: Resources,
	input: { name: string },
): Promise<Snapshot> {
	return showSnapshot(resources, await findSnapshot(resources.db, input.name));
}
