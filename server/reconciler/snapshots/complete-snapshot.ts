import { Readable } from "node:stream";
import { StoreError } from "../../../platform/stores/store-error.ts";
import { formatGib } from "../../contract/units.ts";
import { writeInCharge } from "../../data/charge.ts";
import type { Transaction } from "../../data/database.ts";
import { recordEvent } from "../../data/record-event.ts";
import {
	cacheOf,
	contentOf,
	FULL_SNAPSHOT,
	type FullSnapshot,
	manifestKey,
	titleOf,
	toSnapshotView,
} from "../../data/snapshot-view.ts";
import { markForDeletion } from "../../services/caches/mark-for-deletion.ts";
import type { Resources } from "../../services/context.ts";
import { failSnapshot } from "./fail-snapshot.ts";
import { noteReason } from "./note-reason.ts";

/** Every file is in the store: adds the manifest beside them, and only then calls the snapshot available. */
export async function completeSnapshot(resources: Resources, id: string): Promise<void> {
	const row = await resources.db.snapshot.findUniqueOrThrow({
		where: { id },
		include: FULL_SNAPSHOT,
	});
	try {
		const store = await resources.stores.open(row.storeId);
		await store.put(manifestKey(id), Readable.from([manifestOf(row)]));
	} catch (error) {
		if (!(error instanceof StoreError)) throw error;
		if (!error.retry) return await failSnapshot(resources, row, error.message);
		return await noteReason(resources, row, error.message);
	}
	const now = resources.clock.now();
	await writeInCharge(resources, async (tx) => {
		await deleteAfterward(resources, tx, row);
		const { count } = await tx.snapshot.updateMany({
			where: { id, status: "creating" },
			data: { status: "available", statusReason: null, percent: 100, availableAt: now },
		});
		if (count === 0) return;
		const { keys, bytes, spreadMs } = toSnapshotView(row);
		const spread =
			row.shards.length < 2 ? "" : ` The moments of its shards are ${spreadMs} ms apart.`;
		await recordEvent(tx, resources.clock, {
			...{
				severity: "info",
				type: "snapshot.available",
				...cacheOf(row),
			},
			message: `${titleOf(row)} is available: ${keys} keys in ${formatGib(bytes ?? 0)}.${spread}`,
		});
	});
	if (row.cacheId !== null) resources.wakeCache(row.cacheId);
}

/** What the store itself says about the files, for people who find them without Larder. */
function manifestOf(row: FullSnapshot): Buffer {
	const {
		status: _status,
		statusReason: _reason,
		percent: _percent,
		...view
	} = toSnapshotView(row);
	const shards = row.shards.map((shard, index) => ({
		...view.shards[index],
		file: shard.key.split("/").at(-1),
		...contentOf(shard),
	}));
	return Buffer.from(`${JSON.stringify({ ...view, shards }, null, 2)}\n`);
}

/** The cache that was to be deleted once its last snapshot exists. */
async function deleteAfterward(
	resources: Resources,
	tx: Transaction,
	{ id, name }: FullSnapshot,
): Promise<void> {
	const cache = await tx.cache.findFirst({ where: { finalSnapshotId: id, deletingAt: null } });
	if (cache === null) return;
	await markForDeletion(resources, tx, cache, `after its final snapshot ${name}`);
}
