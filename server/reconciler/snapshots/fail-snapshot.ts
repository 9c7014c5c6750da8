import { writeInCharge } from "../../data/charge.ts";
import { recordEvent } from "../../data/record-event.ts";
import { cacheOf, type FullSnapshot, titleOf } from "../../data/snapshot-view.ts";
import { bumpHosts, wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import { dropOrders, hostsOf } from "./end-orders.ts";

/** Gives a snapshot up. The keeper then removes its files; a cache that was to be deleted after it stays. */
export async function failSnapshot(
	resources: Resources,
	row: FullSnapshot,
	reason: string,
): Promise<void> {
	const hostIds = await writeInCharge(resources, async (tx) => {
		const told = await bumpHosts(tx, await hostsOf(tx, row.shards));
		const kept = await tx.cache.updateMany({
			where: { finalSnapshotId: row.id, deletingAt: null },
			data: { finalSnapshotId: null },
		});
		await dropOrders(tx, row.shards);
		const { count } = await tx.snapshot.updateMany({
			where: { id: row.id, status: "creating" },
			data: { status: "failed", statusReason: reason },
		});
		if (count === 0) return [];
		const rest =
			kept.count === 0
				? ""
				: ` Cache ${row.cacheName} wasn't deleted, because its data isn't saved.`;
		await recordEvent(tx, resources.clock, {
			...{
				severity: "error",
				type: "snapshot.failed",
				...cacheOf(row),
			},
			message: `${titleOf(row)} failed. ${reason}${rest}`,
		});
		return [...told.keys()];
	});
	wakeHosts(resources, hostIds);
	if (row.cacheId !== null) resources.wakeCache(row.cacheId);
}
