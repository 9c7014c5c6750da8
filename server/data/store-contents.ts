import type { Database, Transaction } from "./database.ts";

/** What is kept in a store. */
export interface StoreContents {
	readonly snapshots: number;
	/** Of their files, before encryption. */
	readonly bytes: number;
	/** The control plane's scheduled backups go into it. */
	readonly holdsBackups: boolean;
}

const EMPTY: StoreContents = { snapshots: 0, bytes: 0, holdsBackups: false };

/** Adds up what all stores hold. Returns a look-up by the store's id. */
export async function readStoreContents(
	db: Database | Transaction,
): Promise<(storeId: string) => StoreContents> {
	const rows = await db.$queryRaw<{ storeId: string; snapshots: bigint; bytes: string | null }[]>`
		SELECT s."storeId", count(DISTINCT s."id") AS "snapshots", sum(f."bytes")::text AS "bytes"
		FROM "Snapshot" AS s LEFT JOIN "SnapshotShard" AS f ON f."snapshotId" = s."id"
		GROUP BY s."storeId"`;
	const schedules = await db.backupSchedule.findMany({ select: { storeId: true } });
	const contents = new Map<string, StoreContents>(
		rows.map(({ storeId, snapshots, bytes }) => [
			storeId,
			{ ...EMPTY, snapshots: Number(snapshots), bytes: Number(bytes ?? 0) },
		]),
	);
	for (const { storeId } of schedules) {
		contents.set(storeId, { ...(contents.get(storeId) ?? EMPTY), holdsBackups: true });
	}
	return (storeId) => contents.get(storeId) ?? EMPTY;
}
