import type { z } from "zod";
import type {
	BackupSchedule,
	backupScheduleStateSchema,
	controlPlaneBackupsSchema,
	SetBackupScheduleInput,
} from "../../contract/backup-schedule.ts";
import { AppError } from "../../contract/errors.ts";
import type { Prisma, Transaction } from "../../data/database.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findStore } from "../stores/find-store.ts";
import { storeFailure } from "../stores/store-failure.ts";
import { BACKUPS_PREFIX, nextBackupAt } from "./backup-due.ts";

/** The one row's id, and the context in which its passphrase is sealed. */
const ID = 1;
export const PASSPHRASE_CONTEXT = "backup schedule passphrase";
const WITH_STORE = { store: { select: { name: true } } } as const;

type State = z.infer<typeof backupScheduleStateSchema>;

export async function getBackupSchedule({ db }: Resources): Promise<State> {
	return await readSchedule(db);
}

async function readSchedule(tx: Transaction): Promise<State> {
	const row = await tx.backupSchedule.findUnique({ where: { id: ID }, include: WITH_STORE });
	return { schedule: row === null ? null : toView(row) };
}

/** The first backup, and the first to another store or with another passphrase, is made within seconds. */
export async function setBackupSchedule(
	resources: Resources,
	caller: Caller,
	{ passphrase, ...input }: SetBackupScheduleInput,
): Promise<State> {
	const { secrets } = resources;
	return await mutate(resources, caller, {
		...{ action: "control-plane.set-backup-schedule", target: "control plane", input },
		run: async (tx) => {
			const { everyHours, keep } = input;
			const { id: storeId } = await findStore(tx, input.store);
			const before = await tx.backupSchedule.findUnique({ where: { id: ID } });
			if (before === null && passphrase === undefined) {
				throw new AppError(
					"invalid_argument",
					"passphrase is required for the first schedule. Keep it elsewhere too: without it no backup can be restored.",
					{ field: "passphrase" },
				);
			}
			const sealed =
				passphrase === undefined
					? (before?.passphrase ?? "")
					: secrets.seal(passphrase, PASSPHRASE_CONTEXT);
			const data = { storeId, everyHours, keep, passphrase: sealed };
			const isMoved = before?.storeId !== storeId || passphrase !== undefined;
			const row = await tx.backupSchedule.upsert({
				where: { id: ID },
				create: { id: ID, ...data },
				// What the former store or passphrase protects says nothing about the new one.
				update: { ...data, ...(isMoved && { lastAttemptAt: null, lastError: null }) },
				include: WITH_STORE,
			});
			return { schedule: toView(row) };
		},
	});
}

/** Backups that were made stay in their store. */
export async function removeBackupSchedule(resources: Resources, caller: Caller): Promise<State> {
	return await mutate(resources, caller, {
		...{ action: "control-plane.remove-backup-schedule", target: "control plane", input: {} },
		run: async (tx) => {
			await tx.backupSchedule.deleteMany();
			return { schedule: null };
		},
	});
}

/** Makes the next backup within seconds. */
export async function runBackupSchedule(resources: Resources, caller: Caller): Promise<State> {
	return await mutate(resources, caller, {
		...{ action: "control-plane.run-backup-schedule", target: "control plane", input: {} },
		run: async (tx) => {
			const { count } = await tx.backupSchedule.updateMany({ data: { lastAttemptAt: null } });
			if (count === 0) {
				throw new AppError("conflict", "There is no backup schedule. Set one first.");
			}
			return await readSchedule(tx);
		},
	});
}

/** In the schedule's store, newest first. */
export async function listControlPlaneBackups({
	db,
	stores,
}: Resources): Promise<z.infer<typeof controlPlaneBackupsSchema>> {
	const row = await db.backupSchedule.findUnique({ where: { id: ID }, include: WITH_STORE });
	if (row === null) return { items: [] };
	const items = [];
	try {
		for await (const object of (await stores.open(row.storeId)).list(BACKUPS_PREFIX)) {
			const { key, bytes, modifiedAt } = object;
			items.push({ store: row.store.name, key, bytes, createdAt: modifiedAt.toISOString() });
		}
	} catch (error) {
		throw storeFailure(error);
	}
	return { items: items.reverse() };
}

function toView(
	row: Prisma.BackupScheduleGetPayload<{ include: typeof WITH_STORE }>,
): BackupSchedule {
	const { everyHours, keep, lastAttemptAt, lastSuccessAt, lastError } = row;
	return {
		...{ store: row.store.name, everyHours, keep, lastError },
		nextAt: nextBackupAt(row).toISOString(),
		lastAttemptAt: lastAttemptAt?.toISOString() ?? null,
		lastSuccessAt: lastSuccessAt?.toISOString() ?? null,
	};
}
