import { randomUUID } from "node:crypto";
import { LIMITS } from "../../contract/limits.ts";
import type {
	CopySnapshotInput,
	ExportSnapshotInput,
	ModifySnapshotInput,
	Snapshot,
} from "../../contract/snapshot.ts";
import { Prisma } from "../../data/database.ts";
import { recordEvent } from "../../data/record-event.ts";
import { cacheOf, FULL_SNAPSHOT, titleOf, toSnapshotView } from "../../data/snapshot-view.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findStore } from "../stores/find-store.ts";
import { requireFreeName, wakeSnapshots } from "./add-snapshot.ts";
import { findAvailable, findSnapshot } from "./find-snapshot.ts";

/** Renames a snapshot, or replaces its tags. Its files stay where they are. */
export async function modifySnapshot(
	resources: Resources,
	caller: Caller,
	input: ModifySnapshotInput,
): Promise<Snapshot> {
	return await mutate(resources, caller, {
		...{ action: "snapshot.modify", target: input.name, input },
		run: async (tx) => {
			const { name, newName, tags } = input;
			const before = await findSnapshot(tx, name);
			const isRenamed = newName !== undefined && newName !== name;
			if (isRenamed) await requireFreeName(tx, newName, "newName");
			const row = await tx.snapshot.update({
				where: { id: before.id },
				data: {
					...(newName !== undefined && { name: newName }),
					...(tags !== undefined && { tags }),
				},
				include: FULL_SNAPSHOT,
			});
			if (isRenamed) {
				await recordEvent(tx, resources.clock, {
					...{ severity: "info", type: "snapshot.renamed", ...cacheOf(row) },
					message: `${titleOf(before)} is now named ${newName}.`,
				});
			}
			return toSnapshotView(row);
		},
	});
}

/** Stores that a copy is wanted, in the same store unless another is named. It doesn't expire, whatever it is a copy of. */
export async function copySnapshot(
	resources: Resources,
	caller: Caller,
	input: CopySnapshotInput,
	action: "snapshot.copy" | "snapshot.export" = "snapshot.copy",
): Promise<Snapshot> {
	return await mutate(resources, caller, {
		...{ action, target: input.target, input },
		run: async (tx, after) => {
			const { name, target } = input;
			const original = await findAvailable(tx, name);
			await requireFreeName(tx, target, "target");
			const now = resources.clock.now();
			const { cacheId, cacheName, source, tags } = original;
			const storeId =
				input.store === undefined ? original.storeId : (await findStore(tx, input.store)).id;
			const row = await tx.snapshot.create({
				data: {
					...{ id: randomUUID(), name: target, kind: "copy", status: "creating" },
					...{ cacheId, cacheName, storeId, copyOfId: original.id },
					...{ createdAt: now, progressAt: now },
					source: source ?? Prisma.JsonNull,
					tags: input.tags ?? tags ?? {},
				},
				include: FULL_SNAPSHOT,
			});
			await recordEvent(tx, resources.clock, {
				...{ severity: "info", type: "snapshot.creating", ...cacheOf(original) },
				message: `Copy ${target} of snapshot ${name} requested by ${caller.name}.`,
			});
			after(() => wakeSnapshots(resources));
			return toSnapshotView(row);
		},
	});
}

/** A copy in another store: plain RDB files with a manifest, unless that store is encrypted. */
export async function exportSnapshot(
	resources: Resources,
	caller: Caller,
	{ name, store, target }: ExportSnapshotInput,
): Promise<Snapshot> {
	const copy =
		target ?? `${name}-${store}`.slice(0, LIMITS.snapshotNameMaxLength).replace(/-+$/, "");
	return await copySnapshot(resources, caller, { name, store, target: copy }, "snapshot.export");
}
