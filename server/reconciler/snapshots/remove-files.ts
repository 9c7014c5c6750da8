import { StoreError } from "../../../platform/stores/store-error.ts";
import { writeInCharge } from "../../data/charge.ts";
import { recordEvent } from "../../data/record-event.ts";
import {
	cacheOf,
	type FullSnapshot,
	manifestKey,
	shardKey,
	titleOf,
} from "../../data/snapshot-view.ts";
import type { Resources } from "../../services/context.ts";
import { endOrders } from "./end-orders.ts";
import { noteReason } from "./note-reason.ts";

/** Removes everything that a snapshot has in its store, then the row; of a failed one, the row stays, to say why. */
export async function removeFiles(resources: Resources, row: FullSnapshot): Promise<void> {
	// First, so that no host adds a file that nobody removes.
	await endOrders(resources, row);
	try {
		const store = await resources.stores.open(row.storeId);
		await store.delete(manifestKey(row.id));
		for (const { index, attempt } of row.shards) {
			for (let each = 0; each <= attempt; each += 1) {
				await store.delete(shardKey(row.id, index, each));
			}
		}
	} catch (error) {
		if (!(error instanceof StoreError)) throw error;
		if (row.status === "failed") return;
		return await noteReason(resources, row, `Its files can't be deleted: ${error.message}`);
	}
	await writeInCharge(resources, async (tx) => {
		if (row.status === "failed") {
			await tx.snapshotShard.deleteMany({ where: { snapshotId: row.id } });
			return;
		}
		const { count } = await tx.snapshot.deleteMany({ where: { id: row.id, status: "deleting" } });
		if (count === 0) return;
		await recordEvent(tx, resources.clock, {
			...{
				severity: "info",
				type: "snapshot.deleted",
				...cacheOf(row),
			},
			message: `${titleOf(row)} was deleted.`,
		});
	});
}
