import { z } from "zod";
import {
	type Snapshot,
	snapshotContentSchema,
	snapshotKindSchema,
	snapshotSourceSchema,
	snapshotStatusSchema,
} from "../contract/snapshot.ts";
import type { Prisma } from "./database.ts";

/** Rows that every view of a snapshot needs. */
export const FULL_SNAPSHOT = {
	shards: { orderBy: { index: "asc" } },
	store: { select: { name: true } },
} as const;
export type FullSnapshot = Prisma.SnapshotGetPayload<{ include: typeof FULL_SNAPSHOT }>;
export type SnapshotShardRow = FullSnapshot["shards"][number];

const tagsColumn = z.record(z.string(), z.string());

/** The snapshot as the API shows it, without what hosts report meanwhile. */
export function toSnapshotView(row: FullSnapshot): Snapshot {
	const source = snapshotSourceSchema.parse(row.source);
	const { engine, engineVersion, clusterMode, parameterGroup, parameters, dataBytes } = source;
	const { kind: cacheKind, nodeType, replicasPerShard, persistence } = source;
	return {
		name: row.name,
		kind: snapshotKindSchema.parse(row.kind),
		cache: row.cacheName,
		status: snapshotStatusSchema.parse(row.status),
		statusReason: row.statusReason,
		percent: Math.floor(row.percent),
		progress: null,
		awaitsUpload: false,
		store: row.store.name,
		directory: directoryOf(row.id),
		...{ engine, engineVersion, clusterMode, parameterGroup, parameters, dataBytes },
		...{ cacheKind, nodeType, replicasPerShard, persistence },
		shards: row.shards.map((shard) => ({
			slots: shard.slots,
			keys: shard.keys === null ? null : Number(shard.keys),
			bytes: shard.bytes === null ? null : Number(shard.bytes),
			sha256: shard.sha256,
			takenAt: shard.takenAt?.toISOString() ?? null,
		})),
		keys: sumOf(row.shards.map(({ keys }) => keys)),
		bytes: sumOf(row.shards.map(({ bytes }) => bytes)),
		spreadMs: spreadOf(row.shards),
		tags: tagsColumn.parse(row.tags),
		createdAt: row.createdAt.toISOString(),
		availableAt: row.availableAt?.toISOString() ?? null,
		expiresAt: row.expiresAt?.toISOString() ?? null,
	};
}

/** Null without any, or if one is unknown. */
function sumOf(values: readonly (bigint | null)[]): number | null {
	if (values.length === 0) return null;
	let sum = 0;
	for (const value of values) {
		if (value === null) return null;
		sum += Number(value);
	}
	return sum;
}

function spreadOf(shards: readonly SnapshotShardRow[]): number | null {
	const times = shards.flatMap(({ takenAt }) => takenAt?.getTime() ?? []);
	if (times.length === 0 || times.length < shards.length) return null;
	return Math.max(...times) - Math.min(...times);
}

/** What a shard's file holds; null until the store has it. */
export function contentOf({ content }: Pick<SnapshotShardRow, "content">) {
	return snapshotContentSchema.nullable().parse(content);
}

/** The place of a snapshot's files: its id, because its name may change. */
function directoryOf(snapshotId: string): string {
	return `snapshots/${snapshotId}/`;
}

/** Where the store keeps a shard's file. A later attempt has a place of its own: a late host can't replace what is stored. */
export function shardKey(snapshotId: string, index: number, attempt: number): string {
	return `${directoryOf(snapshotId)}${String(index + 1).padStart(4, "0")}-${attempt}.rdb`;
}

export function manifestKey(snapshotId: string): string {
	return `${directoryOf(snapshotId)}manifest.json`;
}

/** Tells an order from the ones of earlier attempts. */
export function orderId({ id, attempt }: Pick<SnapshotShardRow, "id" | "attempt">): string {
	return `${id}:${attempt}`;
}

/** A snapshot in sentences. One that was imported is of no cache of this installation. */
export function titleOf({ name, cacheName }: Pick<FullSnapshot, "name" | "cacheName">): string {
	return cacheName === "" ? `Snapshot ${name}` : `Snapshot ${name} of cache ${cacheName}`;
}

/** The cache in a snapshot's events; one that was imported has none. */
export function cacheOf({ cacheName }: Pick<FullSnapshot, "cacheName">): { cacheName?: string } {
	return cacheName === "" ? {} : { cacheName };
}
