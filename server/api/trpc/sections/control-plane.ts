import { z } from "zod";
import { spoolDump } from "../../../backup/spool-dump.ts";
import {
	backupScheduleStateSchema,
	controlPlaneBackupsSchema,
	setBackupScheduleInputSchema,
} from "../../../contract/backup-schedule.ts";
import {
	getBackupSchedule,
	listControlPlaneBackups,
	removeBackupSchedule,
	runBackupSchedule,
	setBackupSchedule,
} from "../../../services/control-plane/backup-schedule.ts";
import { requires, router } from "../trpc.ts";
import { emptyInput } from "./shapes.ts";

const backupInputSchema = z
	.strictObject({
		withMetrics: z.boolean().default(false).describe("with the samples behind the charts"),
	})
	.prefault({});

export const controlPlane = router({
	backup: requires("control-plane:backup")
		.meta({
			rest: {
				method: "POST",
				path: "/control-plane/backup",
				status: 200,
				tag: "Control plane",
				summary: "Dump the control plane's database",
				description:
					"JSON lines. Secrets are encrypted with a key that stays on the control plane's machine and isn't in the dump. To make a complete backup, run larder backup on that machine.",
				contentType: "application/x-ndjson",
			},
		})
		.input(backupInputSchema)
		.mutation(({ ctx, input }) => spoolDump(ctx.resources, ctx.caller, input)),
	backupSchedule: requires("store:read")
		.meta({
			rest: {
				method: "GET",
				path: "/control-plane/backup-schedule",
				status: 200,
				tag: "Control plane",
				summary: "Get the schedule of the control plane's backups",
			},
		})
		.output(backupScheduleStateSchema)
		.query(({ ctx }) => getBackupSchedule(ctx.resources)),
	setBackupSchedule: requires("control-plane:backup")
		.meta({
			rest: {
				method: "PUT",
				path: "/control-plane/backup-schedule",
				status: 200,
				tag: "Control plane",
				summary: "Back the control plane up on a schedule",
				description:
					"The first backup is made at once. Backups hold the database and its key, encrypted with the passphrase, and are restored with larder restore.",
			},
		})
		.input(setBackupScheduleInputSchema)
		.output(backupScheduleStateSchema)
		.mutation(({ ctx, input }) => setBackupSchedule(ctx.resources, ctx.caller, input)),
	removeBackupSchedule: requires("control-plane:backup")
		.meta({
			rest: {
				method: "DELETE",
				path: "/control-plane/backup-schedule",
				status: 200,
				tag: "Control plane",
				summary: "End the schedule; backups that were made stay",
			},
		})
		.input(emptyInput)
		.output(backupScheduleStateSchema)
		.mutation(({ ctx }) => removeBackupSchedule(ctx.resources, ctx.caller)),
	runBackupSchedule: requires("control-plane:backup")
		.meta({
			rest: {
				method: "POST",
				path: "/control-plane/backup-schedule/run",
				status: 202,
				tag: "Control plane",
				summary: "Make the next scheduled backup now",
			},
		})
		.input(emptyInput)
		.output(backupScheduleStateSchema)
		.mutation(({ ctx }) => runBackupSchedule(ctx.resources, ctx.caller)),
	backups: requires("store:read")
		.meta({
			rest: {
				method: "GET",
				path: "/control-plane/backups",
				status: 200,
				tag: "Control plane",
				summary: "List the control plane's backups in the schedule's store",
			},
		})
		.output(controlPlaneBackupsSchema)
		.query(({ ctx }) => listControlPlaneBackups(ctx.resources)),
});
