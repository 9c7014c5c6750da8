import { randomUUID } from "node:crypto";
import type { CopySnapshotInput, ModifySnapshotInput, Snapshot } from "../../contract/snapshot.ts";
import { Prisma } from "../../data/database.ts";
import { recordEvent } from "../../data/record-event.ts";
import { FULL_SNAPSHOT, toSnapshotView } from "../../data/snapshot-view.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
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
					...{ severity: "info", type: "snapshot.renamed", cacheName: row.cacheName },
					message: `Snapshot ${name} of cache ${row.cacheName} is now named ${newName}.`,
				});
			}
			return toSnapshotView(row);
		},
	});
}

/** Stores that a copy is wanted, in the same store. It doesn't expire, whatever it is a copy of. */
export async function copySnapshot(
	resources: Resources,
	caller: Caller,
	input: CopySnapshotInput,
): Promise<Snapshot> {
	return await mutate(resources, caller, {
		...{ action: "snapshot.copy", target: input.target, input },
		run: async (tx, after) => {
			const { name, target } = input;
			const original = await findAvailable(tx, name);
			await requireFreeName(tx, target, "target");
			const now = resources.clock.now();
			const { cacheId, cacheName, storeId, source, tags } = original;
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
				...{ severity: "info", type: "snapshot.creating", cacheName },
				message: `Copy ${target} of snapshot ${name} requested by ${caller.name}.`,
			});
			after(() => wakeSnapshots(resources));
			return toSnapshotView(row);
		},
	});
}
