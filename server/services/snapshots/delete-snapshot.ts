import { AppError } from "../../contract/errors.ts";
import type { Snapshot } from "../../contract/snapshot.ts";
import type { Transaction } from "../../data/database.ts";
import { recordEvent } from "../../data/record-event.ts";
import { cacheOf, type FullSnapshot, titleOf, toSnapshotView } from "../../data/snapshot-view.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { wakeSnapshots } from "./add-snapshot.ts";
import { findSnapshot } from "./find-snapshot.ts";

/**
 * Marks the snapshot for deletion; it is gone once its files are. Deleting it twice is not an error. `conflict` while a new
 * cache is restored from it, or a copy is made of it.
 */
export async function deleteSnapshot(
	resources: Resources,
	caller: Caller,
	input: { name: string },
): Promise<Snapshot> {
	return await mutate(resources, caller, {
		...{ action: "snapshot.delete", target: input.name, input },
		run: async (tx, after) => {
			const row = await findSnapshot(tx, input.name);
			after(() => {
				wakeSnapshots(resources);
				if (row.cacheId !== null) resources.wakeCache(row.cacheId);
			});
			if (row.status === "deleting") return toSnapshotView(row);
			await requireUnused(tx, row);
			// A cache that was to be deleted after it stays.
			await tx.cache.updateMany({
				where: { finalSnapshotId: row.id, deletingAt: null },
				data: { finalSnapshotId: null },
			});
			const change = { status: "deleting", statusReason: null };
			await tx.snapshot.update({ where: { id: row.id }, data: change });
			await recordEvent(tx, resources.clock, {
				...{ severity: "info", type: "snapshot.deleting", ...cacheOf(row) },
				message: `${titleOf(row)} will be deleted, as requested by ${caller.name}.`,
			});
			return toSnapshotView({ ...row, ...change });
		},
	});
}

async function requireUnused(tx: Transaction, { id, name }: FullSnapshot): Promise<void> {
	const shard = await tx.shard.findFirst({
		where: { restore: { path: ["snapshotId"], equals: id } },
		select: { cache: { select: { name: true } } },
	});
	const copy = await tx.snapshot.findFirst({
		where: { copyOfId: id, status: "creating" },
		select: { name: true },
	});
	if (shard === null && copy === null) return;
	const use =
		shard === null
			? `snapshot ${copy?.name} is being copied from it`
			: `cache ${shard.cache.name} is being restored from it`;
	throw new AppError(
		"conflict",
		`Snapshot ${name} can't be deleted while ${use}. Try again later.`,
	);
}
