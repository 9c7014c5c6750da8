import type { ListSnapshotsInput, Snapshot } from "../../contract/snapshot.ts";
import { olderThan, toPage } from "../../data/cursor.ts";
import { FULL_SNAPSHOT, toSnapshotView } from "../../data/snapshot-view.ts";
import type { Resources } from "../context.ts";
import { findSnapshot } from "./find-snapshot.ts";

/** Newest first. */
export async function listSnapshots(
	{ db }: Resources,
	{ limit, cursor, cache, status, kind }: ListSnapshotsInput,
): Promise<{ items: Snapshot[]; nextCursor: string | null }> {
	const rows = await db.snapshot.findMany({
		where: {
			...olderThan("createdAt", cursor),
			...(cache !== undefined && { cacheName: cache }),
			...(status !== undefined && { status }),
			...(kind !== undefined && { kind }),
		},
		include: FULL_SNAPSHOT,
		orderBy: [{ createdAt: "desc" }, { id: "desc" }],
		take: limit + 1,
	});
	const page = toPage(rows, limit, (row) => ({ at: row.createdAt, id: row.id }));
	return { items: page.rows.map(toSnapshotView), nextCursor: page.nextCursor };
}

/** `not_found` if there is no such snapshot. */
export async function getSnapshot({ db }: Resources, input: { name: string }): Promise<Snapshot> {
	return toSnapshotView(await findSnapshot(db, input.name));
}
