import { StoreError } from "../../../platform/stores/store-error.ts";
import { writeInCharge } from "../../data/charge.ts";
import type { SnapshotShardRow } from "../../data/snapshot-view.ts";
import { bumpHosts, wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import type { ImportOrigin } from "../../services/snapshots/import-origin.ts";
import { openTransfer } from "../../services/stores/open-transfer.ts";

type HostOrigin = NonNullable<ImportOrigin["host"]>;
type Stored = { bytes: bigint | null; sha256: string };

/** How long an agent may take to begin what it was told. */
const BEGIN_PATIENCE_MS = 60_000;

/**
 * Lets a host send its file into the snapshot's store, and returns what the store then has; null while it hasn't all of
 * it. Throws StoreError if the host refuses, or is gone.
 */
export async function takeFromHost(
	resources: Resources,
	shard: SnapshotShardRow,
	host: HostOrigin,
): Promise<Stored | null> {
	const { db } = resources;
	if (shard.transferId === null) {
		await askHost(resources, shard, host);
		return null;
	}
	const transfer = await db.transfer.findUnique({ where: { id: shard.transferId } });
	// It is deleted with its host.
	if (transfer === null) throw new StoreError("missing", `Host ${host.name} was removed.`);
	if (transfer.refusal !== null) throw new StoreError("refused", transfer.refusal);
	if (transfer.error !== null) throw new StoreError("away", transfer.error);
	if (transfer.finishedAt === null || transfer.sha256 === null) return null;
	const stored = { bytes: transfer.bytes, sha256: transfer.sha256 };
	const hostIds = await writeInCharge(resources, async (tx) => {
		const told = await bumpHosts(tx, [host.id]);
		await tx.snapshotShard.updateMany({
			where: { id: shard.id },
			data: { ...stored, transferId: null },
		});
		await tx.transfer.deleteMany({ where: { id: transfer.id } });
		return told.keys();
	});
	wakeHosts(resources, hostIds);
	return stored;
}

async function askHost(
	resources: Resources,
	{ id, index, key, snapshotId }: SnapshotShardRow,
	host: HostOrigin,
): Promise<void> {
	const hostIds = await writeInCharge(resources, async (tx) => {
		const told = await bumpHosts(tx, [host.id]);
		if (told.size === 0) throw new StoreError("missing", `Host ${host.name} was removed.`);
		const snapshot = await tx.snapshot.findUnique({ where: { id: snapshotId } });
		if (snapshot?.status !== "creating") return [];
		const transfer = await openTransfer(tx, resources.clock, {
			...{ direction: "put", hostId: host.id, storeId: snapshot.storeId, key },
			sourcePath: host.paths[index] ?? "",
		});
		await tx.snapshotShard.updateMany({ where: { id }, data: { transferId: transfer.id } });
		return [...told.keys()];
	});
	wakeHosts(resources, hostIds);
}

/** What the host does, or why nothing arrives from it. */
export function describeSending(
	{ fleet, transfers }: Resources,
	host: HostOrigin,
	shards: readonly SnapshotShardRow[],
	idleMs: number,
): string {
	if (!fleet.isOnline(host.id)) return `Host ${host.name} is silent.`;
	const isSending = shards.some(
		({ transferId }) => transferId !== null && transfers.progressOf(transferId) !== null,
	);
	if (isSending || idleMs < BEGIN_PATIENCE_MS) return `Host ${host.name} is sending.`;
	return `Nothing arrives from host ${host.name}. Upgrade its agent if it is older than the control plane.`;
}
