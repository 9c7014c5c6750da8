import { rename } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../../platform/logger.ts";
import { isProcessAlive, type ProcessIdentity } from "../../platform/process-identity.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { findEngineProcess } from "../supervisor/find-process.ts";
import { driverOf } from "./instance-context.ts";
import type { InstancePaths } from "./instance-paths.ts";
import { emptyRecord, type InstanceRecord, readRecord } from "./instance-record.ts";

/**
 * A process that is being started is briefly a copy of its agent. If the agent dies then, the copy can't be
 * recognized as an engine.
 */
const SPAWN_MS = 500;
const LOOK_EVERY_MS = 25;

/**
 * Reads what an earlier agent knew about an instance, and finds the process that it may have left running.
 */
export async function recoverInstance(options: {
	paths: InstancePaths;
	assignmentId: string;
	hostId: string;
	assignment: Assignment | null;
	logger: Logger;
}): Promise<{ record: InstanceRecord; identity: ProcessIdentity | null }> {
	const { paths, assignmentId, hostId, assignment } = options;
	const blank = emptyRecord(assignmentId, hostId, assignment?.engine ?? "valkey");
	const record =
		(await readOrSetAside(options, paths.record, blank)) ??
		(await readLaunched(options, blank)) ??
		blank;
	if (record.launches === 0) return { record, identity: null };
	const known = record.identity;
	if (known !== null && isProcessAlive(known)) return { record, identity: known };
	let found = findOwnProcess(record, paths);
	while (found === null && record.history === "unknown" && isYoung(record)) {
		await delay(LOOK_EVERY_MS);
		found = findOwnProcess(record, paths);
	}
	if (found !== null || record.history !== "unknown") return { record, identity: found };
	// An unrecorded launch that never served may be repeated without a permit.
	const served = await driverOf(record.engine).hasServed(paths);
	return { record: served ? record : { ...record, history: "never" }, identity: null };
}

/**
 * The running process that was launched for an instance, whichever agent launched it; null if there is none.
 */
export function findOwnProcess(
	record: InstanceRecord,
	paths: InstancePaths,
): ProcessIdentity | null {
	const driver = driverOf(record.engine);
	return findEngineProcess({
		directories: [paths.directory, paths.data],
		isServerProgram: (path) => driver.isServerProgram(path),
		isHelperProcess: (commandLine) => driver.isHelperProcess(commandLine),
	});
}

function isYoung({ startedAt }: InstanceRecord): boolean {
	return startedAt !== null && Math.abs(Date.now() - Date.parse(startedAt)) < SPAWN_MS;
}

/**
 * What is known about an instance whose directory is gone: it counts as having run, and may still run. Null if it
 * was never launched.
 */
async function readLaunched(
	options: { paths: InstancePaths; assignment: Assignment | null; logger: Logger },
	blank: InstanceRecord,
): Promise<InstanceRecord | null> {
	const launched = await readOrSetAside(options, options.paths.launched, blank);
	return launched && { ...launched, history: "ran" };
}

/**
 * Keeps a damaged record for people to examine, and replaces it with the cautious assumption: it ran, under
 * the newest permit.
 */
async function readOrSetAside(
	options: { assignment: Assignment | null; logger: Logger },
	path: string,
	blank: InstanceRecord,
): Promise<InstanceRecord | null> {
	const { assignment, logger } = options;
	try {
		return await readRecord(path);
	} catch (error) {
		logger.error({ err: error, assignmentId: blank.assignmentId }, "instance record damaged");
		await rename(path, `${path}.damaged`);
		const launchPermit = assignment?.launchPermit ?? -1;
		const reboot = assignment?.reboot ?? 0;
		return { ...blank, history: "ran", launches: 1, launchPermit, reboot, launchReboot: reboot };
	}
}
