import { RdbError } from "../../../platform/rdb/rdb-error.ts";
import { verifyRdb } from "../../../platform/rdb/rdb-tasks.ts";
import { copyBetween } from "../../../platform/stores/copy-between.ts";
import { DirectoryStore } from "../../../platform/stores/directory-store.ts";
import type { SnapshotStore } from "../../../platform/stores/store.ts";
import { StoreError } from "../../../platform/stores/store-error.ts";
import { familyOf, newestOffered, versionProblem } from "../../contract/offered-versions.ts";
import { type SnapshotContent, snapshotSourceSchema } from "../../contract/snapshot.ts";
import { writeInCharge } from "../../data/charge.ts";
import { contentOf, type FullSnapshot, type SnapshotShardRow } from "../../data/snapshot-view.ts";
import { defaultGroupName } from "../../domain/parameters/index.ts";
import type { Resources } from "../../services/context.ts";
import { importOriginOf } from "../../services/snapshots/import-origin.ts";
import { completeSnapshot } from "./complete-snapshot.ts";
import { failSnapshot } from "./fail-snapshot.ts";
import { noteReason } from "./note-reason.ts";
import { describeSending, takeFromHost } from "./take-from-host.ts";

/** How long an import waits for the next byte of an upload, or for its store. */
const PATIENCE_MS = 86_400_000;

/**
 * Brings the files of an imported snapshot into its store, unless they are uploaded, and reads each to its end before it
 * counts: checksum, format, and every record. What a crash interrupted is done again.
 */
export async function importFiles(resources: Resources, row: FullSnapshot): Promise<void> {
	if (resources.clock.now().getTime() - row.progressAt.getTime() > PATIENCE_MS) {
		const cause = row.statusReason ?? "The upload wasn't finished.";
		return await failSnapshot(resources, row, `Nothing has arrived for a day. ${cause}`);
	}
	try {
		for (const shard of row.shards) await importFile(resources, row, shard);
	} catch (error) {
		if (error instanceof RdbError) return await failSnapshot(resources, row, error.message);
		if (!(error instanceof StoreError)) throw error;
		if (!error.retry) return await failSnapshot(resources, row, error.message);
		return await noteReason(resources, row, error.message);
	}
	const now = await resources.db.snapshotShard.findMany({ where: { snapshotId: row.id } });
	if (now.some(({ content }) => content === null)) {
		return await noteReason(resources, row, describeWait(resources, row, now));
	}
	await describeOrigin(
		resources,
		row,
		now.flatMap((shard) => contentOf(shard) ?? []),
	);
	await completeSnapshot(resources, row.id);
}

async function importFile(
	resources: Resources,
	row: FullSnapshot,
	shard: SnapshotShardRow,
): Promise<void> {
	if (shard.content !== null) return;
	const { from, host } = importOriginOf(row.source);
	const store = await resources.stores.open(row.storeId);
	const which = row.shards.length === 1 ? "The file" : `File ${shard.index + 1}`;
	let stored = shard.sha256 === null ? null : { bytes: shard.bytes, sha256: shard.sha256 };
	if (stored === null && from !== null) {
		const source = await resources.stores.open(from.storeId);
		const copied = await copyBetween(
			{ store: source, key: from.keys[shard.index] ?? "" },
			{ store, key: shard.key },
		);
		stored = { ...copied, bytes: BigInt(copied.bytes) };
	}
	if (stored === null && host !== null) stored = await takeFromHost(resources, shard, host);
	if (stored === null) return;
	const content = await inspect(resources, shard, store).catch((error: unknown) => {
		if (!(error instanceof RdbError)) throw error;
		throw new RdbError(`${which} can't be imported: ${error.message}.`);
	});
	await writeInCharge(resources, async (tx) => {
		await tx.snapshotShard.updateMany({
			where: { id: shard.id },
			data: { ...stored, content, keys: content.keys, takenAt: resources.clock.now() },
		});
	});
	await noteReason(resources, row, null, (100 * (shard.index + 1)) / (row.shards.length + 1));
}

/** Why not all files are there yet. */
function describeWait(
	resources: Resources,
	{ source, progressAt }: FullSnapshot,
	shards: readonly SnapshotShardRow[],
): string {
	const arrived = shards.filter(({ sha256 }) => sha256 !== null).length;
	const so = `${arrived} of ${shards.length} files have arrived.`;
	const { host } = importOriginOf(source);
	if (host === null) return `Waiting for uploads: ${so}`;
	const idleMs = resources.clock.now().getTime() - progressAt.getTime();
	return `${describeSending(resources, host, shards, idleMs)} ${so}`;
}

/** Reads the object as a file: where it is, or through a copy in the control plane's own directory. */
async function inspect(
	{ stores }: Resources,
	{ key, id, bytes }: SnapshotShardRow,
	store: SnapshotStore,
): Promise<SnapshotContent> {
	const { signal } = new AbortController();
	if (store instanceof DirectoryStore) return await verifyRdb(store.fileOf(key), signal);
	const { local } = stores;
	const copy = `imports/${id}.rdb`;
	try {
		const size = bytes === null ? {} : { bytes: Number(bytes) };
		await copyBetween({ store, key }, { store: local, key: copy }, size);
		return await verifyRdb(local.fileOf(copy), signal);
	} finally {
		await local.delete(copy);
	}
}

/** What the files say about the engine that wrote them, unless the request has named one. */
async function describeOrigin(
	resources: Resources,
	row: FullSnapshot,
	contents: readonly SnapshotContent[],
): Promise<void> {
	const origin = importOriginOf(row.source);
	const source = snapshotSourceSchema.parse(row.source);
	const [producer, version = ""] = contents[0]?.producer?.split(" ") ?? [];
	const named = origin.engine ?? producer;
	const engine = named === "redis" ? "redis" : "valkey";
	const isOffered = producer === engine && versionProblem(engine, version) === null;
	const newest = newestOffered(engine);
	const engineVersion = isOffered ? version : newest;
	const parameterGroup = defaultGroupName(familyOf(engine, engineVersion), "disabled");
	await writeInCharge(resources, async (tx) => {
		await tx.snapshot.updateMany({
			where: { id: row.id },
			data: { source: { ...source, engine, engineVersion, parameterGroup, import: origin } },
		});
	});
}
