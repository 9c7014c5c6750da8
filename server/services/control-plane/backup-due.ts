import type { Prisma } from "../../data/database.ts";

const HOUR_MS = 3_600_000;
/** After a failure the next attempt comes soon: the store may only have been away. */
const RETRY_MS = 15 * 60_000;

/** When the next backup should be made; in the past for one that is due. */
export function nextBackupAt(
	schedule: Pick<
		Prisma.BackupScheduleGetPayload<object>,
		"everyHours" | "lastAttemptAt" | "lastError" | "lastSuccessAt"
	>,
): Date {
	const { everyHours, lastAttemptAt, lastError, lastSuccessAt } = schedule;
	if (lastAttemptAt === null) return new Date(0);
	const period = everyHours * HOUR_MS;
	if (lastError !== null) {
		return new Date(lastAttemptAt.getTime() + Math.min(RETRY_MS, period));
	}
	// An attempt that neither succeeded nor failed died with its process.
	const isUnfinished = lastSuccessAt === null || lastSuccessAt < lastAttemptAt;
	return new Date(lastAttemptAt.getTime() + (isUnfinished ? Math.min(RETRY_MS, period) : period));
}

/** Where a store keeps the control plane's backups. */
export const BACKUPS_PREFIX = "control-plane/";
/** Names sort by time. */
const BACKUP_KEY = /^control-plane\/larder-\d{8}T\d{6}Z\.backup$/;

export function backupKey(now: Date): string {
	const stamp = now.toISOString().replace(/[-:]|\.\d+/g, "");
	return `${BACKUPS_PREFIX}larder-${stamp}.backup`;
}

/** The keys of backups beyond the newest `keep`. Other files are nobody's to delete. */
export function expiredBackups(keys: readonly string[], keep: number): string[] {
	const backups = keys.filter((key) => BACKUP_KEY.test(key)).sort();
	return backups.slice(0, Math.max(0, backups.length - keep));
}
