import type { CreateSnapshotInput, Snapshot } from "../../contract/snapshot.ts";
import { toSnapshotView } from "../../data/snapshot-view.ts";
import { lockStayingCache } from "../caches/find-cache.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { addSnapshot, wakeSnapshots } from "./add-snapshot.ts";

/** Stores that a snapshot is wanted and returns at once; it is taken as soon as the cache allows it. */
export async function createSnapshot(
	resources: Resources,
	caller: Caller,
	input: CreateSnapshotInput,
): Promise<Snapshot> {
	return await mutate(resources, caller, {
		...{ action: "snapshot.create", target: input.name, input },
		run: async (tx, after) => {
			const cache = await lockStayingCache(tx, input.cache, { tellsHosts: false });
			const { name, store, tags } = input;
			const row = await addSnapshot(resources, tx, cache, {
				...{ name, store, tags, kind: "manual", expiresAt: null, by: caller.name },
			});
			after(() => wakeSnapshots(resources));
			return toSnapshotView(row);
		},
	});
}
