import { AppError, type Cache, type DeleteCacheInput } from "../../contract/index.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import { toCacheView } from "../../data/cache-view.ts";
import type { Transaction } from "../../data/database.ts";
import { lockCaches } from "../../data/row-locks.ts";
import { requiresFinalSnapshot } from "../../domain/cache/final-snapshot.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { addSnapshot, wakeSnapshots } from "../snapshots/add-snapshot.ts";
import { findCache } from "./find-cache.ts";
import { markForDeletion } from "./mark-for-deletion.ts";

/**
 * Marks the cache for deletion; it is gone once every host that isn't lost has confirmed. With a final snapshot, it is
 * marked once that is available. Deleting it twice is not an error; throws `conflict` while deletion protection is on, and
 * for an hour afterward if nothing is said about a final snapshot.
 */
export async function deleteCache(
	resources: Resources,
	caller: Caller,
	input: DeleteCacheInput,
): Promise<Cache> {
	return mutate(resources, caller, {
		action: "cache.delete",
		target: input.name,
		input,
		run: async (tx, after) => {
			const { id } = await findCache(tx, input.name);
			await lockCaches(tx, [id]);
			const row = await findCache(tx, input.name);
			after(() => {
				resources.wakeCache(row.id);
				wakeSnapshots(resources);
			});
			if (row.deletingAt !== null || row.finalSnapshotId !== null) {
				return toCacheView(row, resources);
			}
			if (row.deletionProtection) {
				throw new AppError(
					"conflict",
					`Cache ${row.name} has deletion protection on. Turn it off first.`,
					{ field: "deletionProtection" },
				);
			}
			await refuseWithAccelerators(tx, row);
			const { finalSnapshot, skipFinalSnapshot } = input;
			if (
				finalSnapshot === undefined &&
				skipFinalSnapshot !== true &&
				requiresFinalSnapshot(row, resources.clock.now())
			) {
				throw new AppError(
					"conflict",
					`Cache ${row.name} had deletion protection on within the last hour, so its data must be kept: send finalSnapshot with the name of a snapshot to take first, or skipFinalSnapshot=true to give the data up.`,
					{ field: "finalSnapshot" },
				);
			}
			if (finalSnapshot !== undefined) {
				return await saveFirst(resources, tx, row, finalSnapshot, caller);
			}
			const change = await markForDeletion(resources, tx, row, `by ${caller.name}`);
			return toCacheView({ ...row, ...change }, resources);
		},
	});
}

/** Without its cache, an accelerator would refuse its clients' writes. */
async function refuseWithAccelerators(tx: Transaction, { id, name }: FullCache): Promise<void> {
	const users = await tx.accelerator.findMany({
		where: { cacheId: id },
		select: { name: true },
		orderBy: { name: "asc" },
	});
	const [first] = users;
	if (first === undefined) return;
	throw new AppError(
		"conflict",
		`Accelerator ${first.name} uses cache ${name}. Delete the accelerator first.`,
		{ field: "name" },
	);
}

async function saveFirst(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	name: string,
	caller: Caller,
): Promise<Cache> {
	const { id: finalSnapshotId } = await addSnapshot(resources, tx, row, {
		...{ name, kind: "final", store: undefined, tags: {}, expiresAt: null },
		by: `${caller.name}, who wants to delete the cache`,
	});
	const change = { finalSnapshotId, status: "deleting" };
	await tx.cache.update({ where: { id: row.id }, data: change });
	return toCacheView({ ...row, ...change }, resources);
}
