import type { Logger } from "../platform/logger.ts";
import { backUpIfDue, type ScheduledBackupOptions } from "./backup/scheduled-backup.ts";
import { expireRecords } from "./data/expire-records.ts";
import { createStallWatch, expireLeases, watchSuspects } from "./fleet/lease-keeper.ts";
import { meterNodes } from "./fleet/meter-nodes.ts";
import { scheduleSnapshots } from "./reconciler/snapshots/schedule-snapshots.ts";
import type { Resources } from "./services/context.ts";

import { markLostHosts } from "./services/hosts/mark-lost-hosts.ts";
import { keepLab } from "./services/lab/keep-lab.ts";
import { checkStores } from "./services/stores/check-stores.ts";

const STALL_CHECK_MS = 100;
const SUSPECT_CHECK_MS = 250;
const LEASE_CHECK_MS = 1_000;
const METERING_MS = 60_000;
const EXPIRY_MS = 60_000;
const BACKUP_CHECK_MS = 10_000;
const STORE_SWEEP_MS = 3_600_000;
const LAB_CHECK_MS = 5_000;
const STORE_CHECK_MS = 20_000;
const SCHEDULE_MS = 20_000;
/** A check that is this late says more about this process than about any host: reports wait to be read. */
const LATE_MS = 500;

/** Starts what the control plane does again and again, whether or not anyone asks. Returns what ends it. */
export function startTimers(
	resources: Resources,
	logger: Logger,
	backup: ScheduledBackupOptions,
): () => void {
	const { fleet, db, clock } = resources;
	const repeat = (periodMs: () => number, what: string, work: () => Promise<void>) =>
		repeatWhilePunctual(periodMs, work, (err) => logger.error({ err }, what));
	// First, so that the checks after a stall know about it.
	const stallWatch = setInterval(createStallWatch(resources, STALL_CHECK_MS), STALL_CHECK_MS);
	const ends = [
		() => clearInterval(stallWatch),
		repeat(
			() => SUSPECT_CHECK_MS,
			"checking late hosts failed",
			() => watchSuspects(resources),
		),
		repeat(
			() => LEASE_CHECK_MS,
			"checking leases failed",
			() => expireLeases(resources),
		),
		// A look reads all hosts, so it is no more frequent than their heartbeats, which are rarer in a large fleet.
		repeat(
			() => Math.max(LEASE_CHECK_MS, fleet.heartbeatMs),
			"checking lost hosts failed",
			() => markLostHosts(resources),
		),
		repeat(
			() => METERING_MS,
			"adding up node-hours failed",
			() => meterNodes(resources),
		),
		repeat(
			() => LAB_CHECK_MS,
			"looking after the strategy lab failed",
			() => keepLab(resources),
		),
		repeat(
			() => EXPIRY_MS,
			"dropping old records failed",
			() => expireRecords(db, clock.now()),
		),
		repeat(
			() => BACKUP_CHECK_MS,
			"the scheduled backup failed",
			() => backUpIfDue(resources, backup),
		),
		repeat(
			() => STORE_SWEEP_MS,
			"sweeping stores failed",
			() =>
				resources.stores.sweep((err, store) =>
					logger.warn({ err, store }, "a store can't be swept"),
				),
		),
		repeat(
			() => STORE_CHECK_MS,
			"checking stores failed",
			() => checkStores(resources),
		),
		repeat(
			() => SCHEDULE_MS,
			"scheduling snapshots failed",
			() => scheduleSnapshots(resources),
		),
	];
	return () => {
		for (const end of ends) end();
	};
}

/** Waits for the period, works, and waits again; after a late wait it leaves the work out. Returns what ends it. */
function repeatWhilePunctual(
	periodMs: () => number,
	work: () => Promise<void>,
	onError: (error: unknown) => void,
): () => void {
	let timer: NodeJS.Timeout | undefined;
	let ended = false;
	const wait = () => {
		if (ended) return;
		const ms = periodMs();
		const dueAt = performance.now() + ms;
		timer = setTimeout(() => {
			const isLate = performance.now() - dueAt > LATE_MS;
			(isLate ? Promise.resolve() : work()).catch(onError).finally(wait);
		}, ms);
	};
	wait();
	return () => {
		ended = true;
		clearTimeout(timer);
	};
}
