import { createReadStream } from "node:fs";
import { readFile, rm, stat } from "node:fs/promises";
import type { SnapshotStore } from "../../platform/stores/store.ts";
import { StoreError } from "../../platform/stores/store-error.ts";
import { writeInCharge } from "../data/charge.ts";
import type { Prisma } from "../data/database.ts";
import { recordEvent } from "../data/record-event.ts";
import { saysDiskFull } from "../platform/disk-room.ts";
import type { Resources } from "../services/context.ts";
import {
	BACKUPS_PREFIX,
	backupKey,
	expiredBackups,
	nextBackupAt,
} from "../services/control-plane/backup-due.ts";
import { PASSPHRASE_CONTEXT } from "../services/control-plane/backup-schedule.ts";
import { writeBackupFile } from "./backup-file.ts";
import { writeDump } from "./write-dump.ts";

type Schedule = Prisma.BackupScheduleGetPayload<object>;

export interface ScheduledBackupOptions {
	readonly secretKeyFile: string;
	/** Where the backup is written before it goes to the store. One process uses it. */
	readonly temporaryFile: string;
}

/** Makes the backup that the schedule asks for, if it is due, and deletes those that it no longer keeps. */
export async function backUpIfDue(
	resources: Resources,
	options: ScheduledBackupOptions,
): Promise<void> {
	const { db, clock } = resources;
	const schedule = await db.backupSchedule.findFirst();
	const now = clock.now();
	if (schedule === null || nextBackupAt(schedule) > now) return;
	// The backup says when it was attempted, so a control plane that is restored from it knows.
	await note(resources, { lastAttemptAt: now });
	try {
		const store = await resources.stores.open(schedule.storeId);
		await makeBackup(resources, schedule, store, options);
		await dropExpired(store, schedule.keep);
	} catch (error) {
		const reason = reasonOf(error);
		if (reason === null) throw error;
		await noteFailure(resources, schedule, reason);
		return;
	}
	await note(resources, { lastSuccessAt: clock.now(), lastError: null });
	if (schedule.lastError === null) return;
	await recordEvent(db, clock, {
		...{ severity: "info", type: "control-plane.backed-up" },
		message: "The control plane's backup succeeded again.",
	});
}

async function makeBackup(
	{ db, clock, secrets, version }: Resources,
	{ passphrase }: Schedule,
	store: SnapshotStore,
	{ secretKeyFile, temporaryFile }: ScheduledBackupOptions,
): Promise<void> {
	const now = clock.now();
	await rm(temporaryFile, { force: true });
	try {
		await writeBackupFile(temporaryFile, secrets.open(passphrase, PASSPHRASE_CONTEXT), {
			secretKey: (await readFile(secretKeyFile, "utf8")).trim(),
			dump: (write) => writeDump(db, { withMetrics: false, version, now, write }),
		});
		const { size } = await stat(temporaryFile);
		await store.put(backupKey(now), createReadStream(temporaryFile), { bytes: size });
	} finally {
		await rm(temporaryFile, { force: true });
	}
}

async function dropExpired(store: SnapshotStore, keep: number): Promise<void> {
	const keys: string[] = [];
	for await (const { key } of store.list(BACKUPS_PREFIX)) keys.push(key);
	for (const key of expiredBackups(keys, keep)) await store.delete(key);
}

function reasonOf(error: unknown): string | null {
	if (error instanceof StoreError) return error.message;
	if (saysDiskFull(error)) return "The disk of LARDER_HOME is full. Free some space there.";
	return null;
}

/** An event says so once, until it works again. */
async function noteFailure(
	resources: Resources,
	{ lastError }: Schedule,
	reason: string,
): Promise<void> {
	await note(resources, { lastError: reason });
	if (lastError !== null) return;
	await recordEvent(resources.db, resources.clock, {
		...{ severity: "error", type: "control-plane.backup-failed" },
		message: `The control plane's scheduled backup failed, and Larder tries again every 15 minutes. ${reason}`,
	});
}

async function note(
	resources: Resources,
	data: Pick<
		Prisma.BackupScheduleUpdateManyMutationInput,
		"lastAttemptAt" | "lastSuccessAt" | "lastError"
	>,
): Promise<void> {
	await writeInCharge(resources, (tx) => tx.backupSchedule.updateMany({ data }));
}
