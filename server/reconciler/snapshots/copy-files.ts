import { randomUUID } from "node:crypto";
import { copyBetween, type Place } from "../../../platform/stores/copy-between.ts";
import type { StoredContent } from "../../../platform/stores/store.ts";
import { StoreError } from "../../../platform/stores/store-error.ts";
import { writeInCharge } from "../../data/charge.ts";
import { Prisma } from "../../data/database.ts";
import {
	FULL_SNAPSHOT,
	type FullSnapshot,
	type SnapshotShardRow,
	shardKey,
} from "../../data/snapshot-view.ts";
import type { Resources } from "../../services/context.ts";
import { completeSnapshot } from "./complete-snapshot.ts";
import { failSnapshot } from "./fail-snapshot.ts";
import { noteReason } from "./note-reason.ts";

/** Copies the files of a snapshot, within its store or into another. Those that a crash interrupted are copied again. */
export async function copyFiles(
	resources: Resources,
	row: FullSnapshot,
	originalId: string,
): Promise<void> {
	const original = await resources.db.snapshot.findUnique({
		where: { id: originalId },
		include: FULL_SNAPSHOT,
	});
	if (original?.status !== "available") {
		return await failSnapshot(resources, row, "The snapshot that it is a copy of is gone.");
	}
	try {
		const store = await resources.stores.open(row.storeId);
		for (const [done, shard] of original.shards.entries()) {
			if (row.shards.some(({ index }) => index === shard.index)) continue;
			const key = shardKey(row.id, shard.index, 0);
			if (original.storeId === row.storeId)
				await store.copy(shard.key, key, comparison(original, shard));
			else await carryOver(resources, original, shard, { store, key });
			await writeInCharge(resources, async (tx) => {
				const { slots, index, takenAt, keys, bytes, sha256, content } = shard;
				await tx.snapshotShard.create({
					data: {
						...{ id: randomUUID(), snapshotId: row.id, key },
						...{ slots, index, takenAt, keys, bytes, sha256, content: content ?? Prisma.JsonNull },
					},
				});
			});
			await noteReason(resources, row, null, (100 * (done + 1)) / (original.shards.length + 1));
		}
	} catch (error) {
		if (!(error instanceof StoreError)) throw error;
		if (!error.retry) return await failSnapshot(resources, row, error.message);
		return await noteReason(resources, row, error.message);
	}
	await completeSnapshot(resources, row.id);
}

/** Through this process. */
async function carryOver(
	{ stores }: Resources,
	original: FullSnapshot,
	shard: SnapshotShardRow,
	to: Place,
): Promise<void> {
	const from = { store: await stores.open(original.storeId), key: shard.key };
	await copyBetween(from, to, { verify: comparison(original, shard) });
}

/** Compares what arrives with what the original should be. */
function comparison({ name, store }: FullSnapshot, shard: SnapshotShardRow) {
	return ({ sha256 }: StoredContent) => {
		if (sha256 === shard.sha256) return;
		throw new StoreError(
			"damaged",
			`Snapshot ${name} is damaged in store ${store.name}: a file's checksum differs.`,
		);
	};
}
