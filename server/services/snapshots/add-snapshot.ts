import { randomUUID } from "node:crypto";
import { AppError } from "../../contract/errors.ts";
import type { SnapshotKind } from "../../contract/snapshot.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { recordEvent } from "../../data/record-event.ts";
import { FULL_SNAPSHOT, type FullSnapshot } from "../../data/snapshot-view.ts";
import type { Resources } from "../context.ts";
import { findStore } from "../stores/find-store.ts";
import { describeSource } from "./snapshot-source.ts";

export interface NewSnapshot {
	readonly name: string;
	readonly kind: SnapshotKind;
	readonly store: string | undefined;
	readonly tags: Readonly<Record<string, string>>;
	readonly expiresAt: Date | null;
	/** Who asked for it, for the event. */
	readonly by: string;
}

/** Wakes what takes, copies and deletes snapshots. */
export function wakeSnapshots({ signals }: Resources): void {
	signals.notify("snapshots");
}

/**
 * Stores that a snapshot of the cache is wanted. The cache must be locked. Throws `conflict` while another is being taken:
 * a node is copied once at a time.
 */
export async function addSnapshot(
	resources: Resources,
	tx: Transaction,
	cache: FullCache,
	{ name, kind, store, tags, expiresAt, by }: NewSnapshot,
): Promise<FullSnapshot> {
	requireSupported(cache);
	const other = await tx.snapshot.findFirst({
		where: { cacheId: cache.id, status: "creating", copyOfId: null },
		select: { name: true },
	});
	if (other !== null) {
		throw new AppError(
			"conflict",
			`Snapshot ${other.name} of cache ${cache.name} is being taken. Wait until it is available, or delete it.`,
			{ field: "cache" },
		);
	}
	const { id: storeId } = await findStore(tx, store);
	await requireFreeName(tx, name, "name");
	const now = resources.clock.now();
	const row = await tx.snapshot.create({
		data: {
			...{ id: randomUUID(), name, kind, storeId, status: "creating", tags, expiresAt },
			...{ cacheId: cache.id, cacheName: cache.name, createdAt: now, progressAt: now },
			source: await describeSource(resources, tx, cache),
		},
		include: FULL_SNAPSHOT,
	});
	await recordEvent(tx, resources.clock, {
		...{ severity: "info", type: "snapshot.creating", cacheName: cache.name },
		message: `Snapshot ${name} of cache ${cache.name} requested by ${by}.`,
	});
	return row;
}

function requireSupported({ name, engine }: FullCache): void {
	if (engine !== "memcached") return;
	throw new AppError(
		"invalid_argument",
		`Cache ${name} can't have snapshots: Memcached has no command that saves its data. Use Valkey for data that must survive.`,
		{ field: "cache" },
	);
}

/** Throws `already_exists` if a snapshot has the name. */
export async function requireFreeName(tx: Transaction, name: string, field: string): Promise<void> {
	if ((await tx.snapshot.findUnique({ where: { name } })) === null) return;
	throw new AppError(
		"already_exists",
		`Snapshot ${name} already exists. Choose another name, or delete that snapshot first.`,
		{ field },
	);
}
