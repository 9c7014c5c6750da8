import type { Snapshot } from "../../contract/snapshot.ts";
import {
	type FullSnapshot,
	orderId,
	type SnapshotShardRow,
	toSnapshotView,
} from "../../data/snapshot-view.ts";
import { estimateEnd } from "../../domain/snapshot/estimate-end.ts";
import type { Resources } from "../context.ts";
import { importOriginOf, isUploaded } from "./import-origin.ts";

/** The snapshot as the API shows it, with what hosts report while it is being taken. */
export function showSnapshot(resources: Resources, row: FullSnapshot): Snapshot {
	const view = toSnapshotView(row);
	if (row.status !== "creating") return view;
	return { ...view, progress: progressOf(resources, row), awaitsUpload: awaitsUpload(row) };
}

function awaitsUpload({ kind, source, shards }: FullSnapshot): boolean {
	return (
		kind === "imported" &&
		isUploaded(importOriginOf(source)) &&
		shards.some(({ sha256 }) => sha256 === null)
	);
}

function progressOf(resources: Resources, row: FullSnapshot): Snapshot["progress"] {
	const { clock } = resources;
	const shards = row.shards.map((shard) => bytesOf(resources, shard));
	// A snapshot may wait before it begins to copy, which says nothing about how long copying takes.
	const begun = row.shards.flatMap(({ takenAt }) => takenAt?.getTime() ?? []);
	const startedAt = begun.length === 0 ? row.createdAt : new Date(Math.min(...begun));
	const end = estimateEnd({ startedAt, percent: row.percent, now: clock.now() });
	return {
		copiedBytes: shards.reduce((sum, { copied }) => sum + copied, 0),
		storedBytes: shards.reduce((sum, { stored }) => sum + stored, 0),
		estimatedEndAt: end?.toISOString() ?? null,
	};
}

function bytesOf({ fleet, transfers }: Resources, shard: SnapshotShardRow) {
	if (shard.bytes !== null) return { copied: Number(shard.bytes), stored: Number(shard.bytes) };
	if (shard.nodeId === null) {
		// A host, or a client, sends a file that is imported.
		const received = transfers.progressOf(shard.transferId ?? shard.id) ?? 0;
		return { copied: received, stored: received };
	}
	const report = fleet.observation(shard.nodeId, null)?.snapshot;
	if (report === undefined || report.id !== orderId(shard)) return { copied: 0, stored: 0 };
	const isComplete = report.phase === "storing" || report.phase === "stored";
	return isComplete
		? { copied: report.totalBytes ?? report.bytes, stored: report.bytes }
		: { copied: report.bytes, stored: 0 };
}
