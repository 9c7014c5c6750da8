import { rename } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../../platform/logger.ts";
import { isProcessAlive, type ProcessIdentity } from "../../platform/process-identity.ts";
import type { Assignment } from "../../server/contract/agent.ts";
import { findEngineProcess } from "../supervisor/find-process.ts";
import { driverOf } from "./instance-context.ts";
import type { InstancePaths } from "./instance-paths.ts";
import { emptyRecord, type InstanceRecord, readRecord } from "./instance-record.ts";

/** A process that was being started when its agent died is its agent's copy for a moment, which nobody can tell apart. */
const SPAWN_MS = 500;
const LOOK_EVERY_MS = 25;

/** Reads what an earlier agent knew of an instance, and finds the process that it may have left running. */
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
		(await readOrSetAside(options, blank)) ?? (await readLaunched(options.paths)) ?? blank;
	if (record.launches === 0) return { record, identity: null };
	const known = record.identity;
	if (known !== null && isProcessAlive(known)) return { record, identity: known };
	let found = findEngine(record, paths);
	while (found === null && record.history === "unknown" && isYoung(record)) {
		await delay(LOOK_EVERY_MS);
		found = findEngine(record, paths);
	}
	if (found !== null || record.history !== "unknown") return { record, identity: found };
	// The launch that nobody saw came to nothing: it may be done again without asking anyone.
	const served = await driverOf(record.engine).hasServed(paths);
	return { record: served ? record : { ...record, history: "never" }, identity: null };
}

/** The process that was launched for an instance, if it runs, whoever launched it. */
export function findEngine(record: InstanceRecord, paths: InstancePaths): ProcessIdentity | null {
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

/** What is known of an instance whose directory is gone: it ran, and may still run. Null for one that never did. */
async function readLaunched(paths: InstancePaths): Promise<InstanceRecord | null> {
	const launched = await readRecord(paths.launched).catch(() => null);
	return launched && { ...launched, history: "ran" };
}

/** A damaged record is kept for people to look at, and replaced by the careful assumption: it ran, under the newest permit. */
async function readOrSetAside(
	options: { paths: InstancePaths; assignment: Assignment | null; logger: Logger },
	blank: InstanceRecord,
): Promise<InstanceRecord | null> {
	const { paths, assignment, logger } = options;
	try {
		return await readRecord(paths.record);
	} catch (error) {
		logger.error({ err: error, assignmentId: blank.assignmentId }, "instance record damaged");
		await rename(paths.record, `${paths.record}.damaged`);
		const launchPermit = assignment?.launchPermit ?? -1;
		const reboot = assignment?.reboot ?? 0;
		return { ...blank, history: "ran", launches: 1, launchPermit, reboot, launchReboot: reboot };
	}
}
