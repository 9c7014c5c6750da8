import { writeInCharge } from "../../data/charge.ts";
import type { Transaction } from "../../data/database.ts";
import type { SnapshotShardRow } from "../../data/snapshot-view.ts";
import { bumpHosts, wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";

/** Hosts stop copying these shards, and can no longer reach the store with what they have. */
export async function endOrders(
	resources: Resources,
	{ shards }: { readonly shards: readonly SnapshotShardRow[] },
): Promise<void> {
	if (shards.every(({ nodeId, transferId }) => nodeId === null && transferId === null)) return;
	const hostIds = await writeInCharge(resources, async (tx) => {
		const hosts = await hostsOf(tx, shards);
		const told = await bumpHosts(tx, hosts);
		await dropOrders(tx, shards);
		return told.keys();
	});
	wakeHosts(resources, hostIds);
}

/** The hosts that copy these shards, or send them. */
export async function hostsOf(
	tx: Transaction,
	shards: readonly SnapshotShardRow[],
): Promise<string[]> {
	const ids = shards.flatMap(({ nodeId }) => nodeId ?? []);
	const nodes = await tx.node.findMany({ where: { id: { in: ids } }, select: { hostId: true } });
	const transfers = await tx.transfer.findMany({
		where: { id: { in: shards.flatMap(({ transferId }) => transferId ?? []) } },
		select: { hostId: true },
	});
	return [...nodes, ...transfers].map(({ hostId }) => hostId);
}

/** The same within a transaction that has raised the revisions of these hosts. */
export async function dropOrders(
	tx: Transaction,
	shards: readonly SnapshotShardRow[],
): Promise<void> {
	await tx.snapshotShard.updateMany({
		where: { id: { in: shards.map(({ id }) => id) } },
		data: { nodeId: null, transferId: null },
	});
	await tx.transfer.deleteMany({
		where: { id: { in: shards.flatMap(({ transferId }) => transferId ?? []) } },
	});
}
