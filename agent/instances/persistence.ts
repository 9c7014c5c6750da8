import type { Assignment } from "../../server/contract/desired-state.ts";
import { discardAppendFiles } from "../drivers/append-files.ts";
import type { EngineSession, EngineState } from "../drivers/driver.ts";
import type { EngineProcess } from "../supervisor/engine-process.ts";
import { driverOf } from "./instance-context.ts";
import type { InstanceCore } from "./instance-core.ts";
import type { InstanceRecord } from "./instance-record.ts";

/**
 * Keeps the engine's append-only files as the cache wants them, and records whether they hold all that it has acknowledged:
 *
 *   no ──the engine has written its first file──> yes ──launched with them──> loading ──serves──> yes
 *    ^                                             │                             └──can't load them──> no
 *    └──turned off, or the engine begins anew──────┘
 *
 * A node that is launched under `no` deletes them. Returns the record, which the caller saves.
 */
export async function keepPersistence(
	core: InstanceCore,
	{ persistence, nodeName }: Assignment,
	record: InstanceRecord,
	{ appendFiles }: EngineSession,
	{ linkUp }: EngineState,
): Promise<InstanceRecord> {
	if (appendFiles === null) return record;
	const { files, problem } = await appendFiles.look();
	noteProblem(core, nodeName, problem);
	if (persistence === undefined) {
		if (files !== "off") await appendFiles.turnOff();
		if (record.appendFiles === "no") return record;
		const without = { ...record, appendFiles: "no" as const };
		// First: no start may load what isn't written any more.
		await core.save(without);
		await discardAppendFiles(core.paths);
		return without;
	}
	if (files === "off") {
		// A replica that still copies its primary's data would begin once more afterward.
		if (linkUp) await appendFiles.turnOn(persistence);
	} else if (record.generation !== core.persistedGeneration) {
		await appendFiles.keepPace(persistence);
		core.persistedGeneration = record.generation;
	}
	const next = files === "complete" ? "yes" : "no";
	return record.appendFiles === next ? record : { ...record, appendFiles: next };
}

/** Whether the node's files are as the cache wants them. */
export function isPersisted({ persistence }: Assignment, { appendFiles }: InstanceRecord): boolean {
	return persistence === undefined || appendFiles === "yes";
}

function noteProblem(core: InstanceCore, nodeName: string, problem: string | null): void {
	const before = core.persistenceProblem;
	core.persistenceProblem =
		problem && `${nodeName} can't keep its data on disk: ${problem}. Free space on its host's disk`;
	if (problem === null || before !== null) return;
	core.tell("error", "node.persistence-failed", `${core.persistenceProblem}.`);
}

/** Whether a process ended because it can't load its files: one that was killed, or that found the disk full, could have. */
export async function couldNotLoad(
	{ context, paths, assignment }: InstanceCore,
	{ appendFiles, engine }: InstanceRecord,
	process: EngineProcess,
	diskFull: boolean,
): Promise<boolean> {
	if (appendFiles !== "loading" || diskFull || assignment === null) return false;
	if (!(await process.endedItself())) return false;
	const answer = await context.engines.resolve(assignment.engine, assignment.engineVersion);
	if (answer.kind === "pending") return false;
	return (await driverOf(engine).findAppendFault(paths, answer.engine.server)) !== null;
}
