import { randomUUID } from "node:crypto";
import { AppError } from "../../contract/errors.ts";
import { familyOf, newestOffered } from "../../contract/offered-versions.ts";
import type { ImportSnapshotInput, Snapshot, SnapshotSource } from "../../contract/snapshot.ts";
import type { Transaction } from "../../data/database.ts";
import { recordEvent } from "../../data/record-event.ts";
import { FULL_SNAPSHOT, shardKey, toSnapshotView } from "../../data/snapshot-view.ts";
import { defaultGroupName } from "../../domain/parameters/index.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findStore } from "../stores/find-store.ts";
import { requireFreeName, wakeSnapshots } from "./add-snapshot.ts";
import type { ImportOrigin } from "./import-origin.ts";

/** What caches from an imported snapshot get unless they say otherwise: nothing is known of where it comes from. */
const NODE_TYPE = "cache.t4g.micro";

/**
 * Stores that a snapshot is wanted whose files come from elsewhere: a store, or uploads. It is available once all of them
 * have been found to be whole.
 */
export async function importSnapshot(
	resources: Resources,
	caller: Caller,
	input: ImportSnapshotInput,
): Promise<Snapshot> {
	const { clock } = resources;
	return await mutate(resources, caller, {
		...{ action: "snapshot.import", target: input.name, input },
		run: async (tx, after) => {
			const { name, tags, engine = "valkey" } = input;
			await requireFreeName(tx, name, "name");
			const { id: storeId } = await findStore(tx, input.store);
			const origin = await originOf(tx, input);
			const files = origin.from?.keys.length ?? input.files;
			const id = randomUUID();
			const now = clock.now();
			const row = await tx.snapshot.create({
				data: {
					...{ id, name, kind: "imported", status: "creating", storeId, tags },
					...{ cacheName: "", createdAt: now, progressAt: now },
					source: { ...emptySource(engine), import: origin },
					shards: {
						create: Array.from({ length: files }, (_, index) => ({
							...{ id: randomUUID(), index, key: shardKey(id, index, 0) },
						})),
					},
				},
				include: FULL_SNAPSHOT,
			});
			await recordEvent(tx, clock, {
				...{ severity: "info", type: "snapshot.creating" },
				message: `Import of snapshot ${name} requested by ${caller.name}.`,
			});
			after(() => wakeSnapshots(resources));
			return toSnapshotView(row);
		},
	});
}

async function originOf(
	tx: Transaction,
	{ from, files, engine }: ImportSnapshotInput,
): Promise<ImportOrigin> {
	if (from === undefined) return { from: null, engine: engine ?? null };
	if (files !== 1 && files !== from.keys.length) {
		throw new AppError("invalid_argument", "Leave files out: from.keys says how many there are.", {
			field: "files",
		});
	}
	const { id: storeId } = await findStore(tx, from.store);
	return { from: { storeId, keys: from.keys }, engine: engine ?? null };
}

/** Until the files have been read. */
function emptySource(engine: "valkey" | "redis"): SnapshotSource {
	const version = newestOffered(engine);
	return {
		...{ engine, engineVersion: version, kind: "provisioned", clusterMode: "disabled" },
		...{ nodeType: NODE_TYPE, nodeMemoryBytes: 0, replicasPerShard: 0 },
		parameterGroup: defaultGroupName(familyOf(engine, version), "disabled"),
		...{ parameters: {}, dataBytes: null },
	};
}
