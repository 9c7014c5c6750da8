import { z } from "zod";
import { storeNameSchema } from "./store.ts";

export const BACKUP_PASSPHRASE_LENGTH_MIN = 12;

export const setBackupScheduleInputSchema = z.strictObject({
	store: storeNameSchema.describe("where the backups are kept"),
	everyHours: z
		.int()
		.min(1, "everyHours must be 1 to 168")
		.max(168, "everyHours must be 1 to 168")
		.default(24),
	keep: z
		.int()
		.min(1, "keep must be 1 to 365")
		.max(365, "keep must be 1 to 365")
		.default(14)
		.describe("how many backups stay; older ones are deleted after each new one"),
	passphrase: z
		.string()
		.min(
			BACKUP_PASSPHRASE_LENGTH_MIN,
			`passphrase must have ${BACKUP_PASSPHRASE_LENGTH_MIN} characters or more`,
		)
		.max(1_024)
		.optional()
		.describe("without it no backup can be restored; if absent, the one that is set stays"),
});
export type SetBackupScheduleInput = z.output<typeof setBackupScheduleInputSchema>;

export const backupScheduleSchema = z.object({
	store: z.string(),
	everyHours: z.number(),
	keep: z.number(),
	nextAt: z.string(),
	lastAttemptAt: z.string().nullable(),
	lastSuccessAt: z.string().nullable(),
	lastError: z.string().nullable().describe("why the last attempt failed; null if it succeeded"),
});
export type BackupSchedule = z.infer<typeof backupScheduleSchema>;

export const backupScheduleStateSchema = z.object({
	schedule: backupScheduleSchema.nullable().describe("null if there is none"),
});

export const controlPlaneBackupsSchema = z.object({
	items: z.array(
		z.object({
			store: z.string(),
			key: z.string().describe("below the store's path or prefix"),
			bytes: z.number().describe("as the store keeps it"),
			createdAt: z.string(),
		}),
	),
});
