import type { Readable } from "node:stream";
import type { z } from "zod";
import type { ByteRange } from "../../../platform/stores/store.ts";
import { AppError } from "../../contract/errors.ts";
import { LIMITS } from "../../contract/limits.ts";
import type { snapshotFileSchema, snapshotUploadSchema } from "../../contract/snapshot.ts";
import type { FullSnapshot, SnapshotShardRow } from "../../data/snapshot-view.ts";
import { writeAudit } from "../../data/write-audit.ts";
import { auditOrigin } from "../audit-origin.ts";
import type { Caller, Resources } from "../context.ts";
import { storeFailure } from "../stores/store-failure.ts";
import { wakeSnapshots } from "./add-snapshot.ts";
import { findAvailable, findSnapshot } from "./find-snapshot.ts";
import { importOriginOf, isUploaded } from "./import-origin.ts";

type SnapshotFile = z.output<typeof snapshotFileSchema>;

export interface Download {
	/** For people. */
	readonly fileName: string;
	readonly totalBytes: number;
	readonly sha256: string;
	/** The content of the range. */
	open(range: ByteRange, signal: AbortSignal): Promise<Readable>;
}

/** A file of an available snapshot, as a plain RDB file. The audit log names who read it. */
export async function findDownload(
	{ db, clock, stores }: Resources,
	caller: Caller,
	{ name, shard }: SnapshotFile,
): Promise<Download> {
	const snapshot = await findAvailable(db, name);
	const found = shardOf(snapshot, shard);
	await writeAudit(db, clock, auditOrigin(caller), { action: "snapshot.download", target: name });
	const number = snapshot.shards.length === 1 ? "" : `-${String(shard).padStart(4, "0")}`;
	return {
		fileName: `${name}${number}.rdb`,
		totalBytes: Number(found.bytes ?? 0),
		sha256: found.sha256 ?? "",
		async open(range, signal) {
			try {
				const store = await stores.open(snapshot.storeId);
				return (await store.get(found.key, range, signal)).content;
			} catch (error) {
				throw storeFailure(error);
			}
		},
	};
}

/** From where an upload should go on, or what has arrived if all of it has. */
export async function findUpload(
	{ db, stores }: Resources,
	file: SnapshotFile,
): Promise<z.infer<typeof snapshotUploadSchema>> {
	const snapshot = await findSnapshot(db, file.name);
	const shard = requireUpload(snapshot, file.shard);
	if (shard.sha256 !== null) {
		return { offset: 0, finished: { bytes: Number(shard.bytes ?? 0), sha256: shard.sha256 } };
	}
	try {
		const store = await stores.open(snapshot.storeId);
		return { offset: await store.received(shard.key), finished: null };
	} catch (error) {
		throw storeFailure(error);
	}
}

/** Takes a file of an imported snapshot from `offset` on. What breaks off can be continued. */
export async function takeUpload(
	resources: Resources,
	caller: Caller,
	file: SnapshotFile,
	upload: {
		offset: number;
		length: number | null;
		body: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
	},
): Promise<{ bytes: number; sha256: string }> {
	const { db, clock, stores, transfers } = resources;
	const snapshot = await findSnapshot(db, file.name);
	const shard = requireUpload(snapshot, file.shard);
	const { offset, length, body } = upload;
	if (shard.sha256 !== null) {
		throw new AppError("conflict", `File ${file.shard} has already been uploaded.`, {
			field: "shard",
			details: { retry: true },
		});
	}
	return await transfers.run(shard.id, async ({ signal }, onProgress) => {
		try {
			const store = await stores.open(snapshot.storeId);
			const stored = await store.put(shard.key, body(signal), {
				...{ offset, signal, onProgress },
				...(length !== null && { bytes: offset + length }),
			});
			const { count } = await db.snapshotShard.updateMany({
				where: { id: shard.id, snapshot: { status: "creating" } },
				data: { ...stored, takenAt: clock.now() },
			});
			if (count === 0) {
				await store.delete(shard.key);
				throw new AppError("conflict", `Snapshot ${file.name} is no longer being imported.`, {
					...{ field: "name", details: { retry: false } },
				});
			}
			await writeAudit(db, clock, auditOrigin(caller), {
				action: "snapshot.upload",
				target: file.name,
			});
			await db.snapshot.updateMany({
				where: { id: snapshot.id },
				data: { progressAt: clock.now() },
			});
			wakeSnapshots(resources);
			return stored;
		} catch (error) {
			throw storeFailure(error);
		}
	});
}

function requireUpload(snapshot: FullSnapshot, number: number): SnapshotShardRow {
	const { name, kind, status } = snapshot;
	if (kind !== "imported" || !isUploaded(importOriginOf(snapshot.source))) {
		throw new AppError("conflict", `Snapshot ${name} takes no uploads.`, {
			...{ field: "name", details: { retry: false } },
		});
	}
	if (status === "creating" || status === "available") return shardOf(snapshot, number);
	throw new AppError("conflict", `Snapshot ${name} is ${status}. Begin another import.`, {
		...{ field: "name", details: { retry: false } },
	});
}

function shardOf({ name, shards }: FullSnapshot, number: number): SnapshotShardRow {
	const found = shards.find(({ index }) => index === number - 1);
	if (found !== undefined) return found;
	throw new AppError(
		"invalid_argument",
		`Snapshot ${name} has ${shards.length} file${shards.length === 1 ? "" : "s"}: shard must be 1 to ${Math.min(shards.length, LIMITS.shardsMax)}.`,
		{ field: "shard" },
	);
}
