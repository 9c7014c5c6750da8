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
			const files = origin.from?.keys.length ?? origin.host?.paths.length ?? input.files;
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
				message: `Import of snapshot ${name}${sourceOf(input)} requested by ${caller.name}.`,
			});
			after(() => wakeSnapshots(resources));
			return toSnapshotView(row);
		},
	});
}

function sourceOf({ from, fromHost }: ImportSnapshotInput): string {
	if (fromHost !== undefined) return ` from ${fromHost.paths.join(", ")} of host ${fromHost.host}`;
	return from === undefined ? "" : ` from store ${from.store}`;
}

async function originOf(
	tx: Transaction,
	{ from, fromHost, files, engine }: ImportSnapshotInput,
): Promise<ImportOrigin> {
	const origin: ImportOrigin = { from: null, host: null, engine: engine ?? null };
	const given = from?.keys.length ?? fromHost?.paths.length ?? files;
	if (files !== 1 && files !== given) {
		const list = from === undefined ? "fromHost.paths" : "from.keys";
		throw new AppError("invalid_argument", `Leave files out: ${list} says how many there are.`, {
			field: "files",
		});
	}
	if (from !== undefined) {
		const { id: storeId } = await findStore(tx, from.store);
		return { ...origin, from: { storeId, keys: from.keys } };
	}
	if (fromHost === undefined) return origin;
	const { host: name, paths } = fromHost;
	const host = await tx.host.findUnique({ where: { name }, select: { id: true } });
	if (host !== null) return { ...origin, host: { id: host.id, name, paths } };
	throw new AppError(
		"invalid_argument",
		`There is no host ${name}. List the hosts to see what exists.`,
		{ field: "fromHost" },
	);
}

/** Until the files have been read. */
function emptySource(engine: "valkey" | "redis"): SnapshotSource {
	const version = newestOffered(engine);
	return {
		...{ engine, engineVersion: version, kind: "provisioned", clusterMode: "disabled" },
		...{ nodeType: NODE_TYPE, nodeMemoryBytes: 0, replicasPerShard: 0 },
		parameterGroup: defaultGroupName(familyOf(engine, version), "disabled"),
		...{ parameters: {}, persistence: "none", dataBytes: null },
	};
}
