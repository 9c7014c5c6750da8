import { AppError } from "../../contract/errors.ts";
import { FULL_CACHE } from "../../data/cache-mapping.ts";
import { writeInCharge } from "../../data/charge.ts";
import { recordEvent } from "../../data/record-event.ts";
import { lockCaches } from "../../data/row-locks.ts";
import { openSince } from "../../domain/snapshot/daily-window.ts";
import type { Resources } from "../../services/context.ts";
import { addSnapshot, wakeSnapshots } from "../../services/snapshots/add-snapshot.ts";

const DAY_MS = 86_400_000;

/** Asks for the automatic snapshots whose time has come, and deletes those that have expired. */
export async function scheduleSnapshots(resources: Resources): Promise<void> {
	const now = resources.clock.now();
	const caches = await resources.db.cache.findMany({
		where: { snapshotRetentionDays: { gt: 0 }, deletingAt: null, availableAt: { not: null } },
		select: { id: true, snapshotWindow: true },
	});
	for (const { id, snapshotWindow } of caches) {
		const since = openSince(snapshotWindow, now);
		if (since !== null) await takeOnce(resources, id, since, now);
	}
	await expire(resources, now);
}

/** Takes one snapshot a window, even if several control planes, or several passes, see that it is open. */
async function takeOnce(
	resources: Resources,
	cacheId: string,
	since: Date,
	now: Date,
): Promise<void> {
	const isTaken = await resources.db.snapshot.count({
		where: { cacheId, kind: "automatic", createdAt: { gte: since } },
	});
	if (isTaken > 0) return;
	try {
		await writeInCharge(resources, async (tx) => {
			await lockCaches(tx, [cacheId]);
			const cache = await tx.cache.findUnique({ where: { id: cacheId }, include: FULL_CACHE });
			if (cache === null || cache.deletingAt !== null || cache.finalSnapshotId !== null) return;
			const minute = since.toISOString().slice(0, 16).replace(/[T:]/g, "-");
			await addSnapshot(resources, tx, cache, {
				...{ name: `auto-${cache.name}-${minute}`, kind: "automatic", store: undefined, tags: {} },
				expiresAt: new Date(now.getTime() + cache.snapshotRetentionDays * DAY_MS),
				by: "its daily snapshot window",
			});
		});
		wakeSnapshots(resources);
	} catch (error) {
		// Another snapshot of it is being taken: the window may be open for longer than that.
		if (!(error instanceof AppError)) throw error;
	}
}

/** Only automatic snapshots expire. */
async function expire(resources: Resources, now: Date): Promise<void> {
	const due = await resources.db.snapshot.findMany({
		where: { kind: "automatic", status: { in: ["available", "failed"] }, expiresAt: { lte: now } },
		select: { id: true, name: true, cacheName: true },
	});
	for (const { id, name, cacheName } of due) {
		await writeInCharge(resources, async (tx) => {
			const restored = await tx.shard.count({
				where: { restore: { path: ["snapshotId"], equals: id } },
			});
			const copied = await tx.snapshot.count({ where: { copyOfId: id, status: "creating" } });
			if (restored + copied > 0) return;
			await tx.snapshot.updateMany({
				where: { id },
				data: { status: "deleting", statusReason: null },
			});
			await recordEvent(tx, resources.clock, {
				...{ severity: "info", type: "snapshot.expired", cacheName },
				message: `Snapshot ${name} of cache ${cacheName} has expired. Larder deletes it.`,
			});
		});
	}
	if (due.length > 0) wakeSnapshots(resources);
}
