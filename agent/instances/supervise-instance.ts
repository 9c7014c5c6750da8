import type { Assignment } from "../../server/contract/desired-state.ts";
import type { NodeAddress } from "../drivers/ask-node.ts";
import type { EngineSession, EngineState } from "../drivers/driver.ts";
import { ConnectionClosedError, EngineCommandError } from "../drivers/engine-connection.ts";
import { hostLimits, limitsOf } from "../supervisor/cgroup.ts";
import type { EngineProcess } from "../supervisor/engine-process.ts";
import { noteClientLimit } from "./client-limit.ts";
import { driverOf } from "./instance-context.ts";
import type { InstanceCore } from "./instance-core.ts";
import type { InstanceRecord } from "./instance-record.ts";
import { isStateNews, isUrgentNews, reasonOf } from "./instance-view.ts";
import { noteFull } from "./note-full.ts";
import { refusedValues } from "./pending-parameters.ts";
import { isPersisted, keepPersistence } from "./persistence.ts";
import { rebootOver } from "./reboot.ts";
import { saysBusy, saysFull } from "./silence.ts";
import { tendSyncs } from "./sync-failures.ts";

/** How long an engine may take to answer before it counts as silent: some client commands take a while. */
const SILENT_AFTER_MS = 400;
const ENDING_MS = 500;
const LOOK_AT_WORK_MS = 200;

/** Looks at a running engine, does one thing that is needed, and returns when to look again. */
export async function supervise(
	core: InstanceCore,
	assignment: Assignment,
	record: InstanceRecord,
	engine: EngineProcess,
): Promise<number> {
	const askedAt = performance.now();
	try {
		const { session, state } = await observe(core, assignment, engine, askedAt);
		return await converge(core, assignment, record, session, state);
	} catch (error) {
		core.link.close();
		if (!engine.alive) return 0;
		// An engine that has handed over disconnects all its clients. That alone isn't silence: ask again.
		if (error instanceof ConnectionClosedError && !core.letGo && core.silence.since === null) {
			core.letGo = true;
			return 0;
		}
		if (saysFull(error) && core.display.view.engineState !== null) return noteFull(core);
		return noteSilence(core, assignment, engine, error, askedAt);
	}
}

/** The engine's own report. While it is slow to answer, reports that, and whether it is working. */
async function observe(
	core: InstanceCore,
	assignment: Assignment,
	engine: EngineProcess,
	askedAt: number,
) {
	const { pid } = engine.identity;
	const { silence } = core;
	let answered = false;
	const look = () => {
		// A throttled engine answers its agent no sooner than its clients.
		const pausedMs = core.elasticity.pausedMsSince(askedAt);
		const isLate = performance.now() - askedAt - pausedMs >= SILENT_AFTER_MS;
		if (!answered && (isLate || silence.since !== null))
			showSilence(core, assignment, pid, askedAt);
	};
	silence.beginQuestion(pid);
	// If the agent itself was held up, the answer may be waiting.
	const looking = setInterval(() => setImmediate(look), LOOK_AT_WORK_MS);
	try {
		const seen = await core.link.observe(pid);
		silence.end();
		core.backstop.release();
		core.letGo = false;
		return seen;
	} finally {
		answered = true;
		clearInterval(looking);
	}
}

function showSilence(
	core: InstanceCore,
	assignment: Assignment,
	pid: number,
	askedAt: number,
): void {
	const { silence } = core;
	silence.note(askedAt, pid, assignment.busyTimeoutMs);
	const { since, busy } = silence;
	core.show({ silentSince: since, busy });
	if (busy && core.led) core.backstop.hold(assignment, silence.lengthMs);
}

async function converge(
	core: InstanceCore,
	assignment: Assignment,
	before: InstanceRecord,
	session: EngineSession,
	engineState: EngineState,
): Promise<number> {
	if (isAnotherNode(assignment, engineState)) return endAnotherNode(core, assignment);
	if (core.restore.file !== null && !core.isRestored(before))
		return endUnrestored(core, assignment);
	const known = core.display.view.engineState;
	if (isUrgentNews(known, engineState)) core.pace.disturb();
	else if (isStateNews(known, engineState)) core.pace.note();
	const serves = !engineState.loading;
	if (serves && assignment.reboot > before.launchReboot && (await hasProgram(core, assignment))) {
		const isMeant = await mayEnd(assignment, session);
		await core.save(
			isMeant
				? { ...before, rebooting: true, keptData: engineState.synced }
				: rebootOver(before, assignment.reboot),
		);
		return 0;
	}
	let record = before;
	const followed = assignment.cluster === null ? followedIn(engineState) : null;
	if (core.followed !== null && !isSameNode(core.followed, followed)) {
		core.turnedAt = performance.now();
		// The control plane may be waiting for this report, but not for what follows.
		core.show({ engineState });
	}
	const promoted = core.followed !== null && engineState.role === "primary";
	// An order lets a new primary take writes without any replica, whatever its settings say.
	if (record.generation < assignment.generation || promoted) {
		record = await applySettings(core, assignment, record, session);
	}
	core.followed = followed;
	const leads = engineState.role === "primary";
	// An adopted engine may have been busy when the previous agent ended.
	if (leads && !core.known && core.spawnedAt === null) core.backstop.releaseLeftOver(assignment);
	core.led = leads;
	if (serves && (record.history !== "ran" || record.reboot !== record.launchReboot)) {
		await driverOf(assignment.engine).discardKeptData(core.paths);
		record = rebootOver({ ...record, history: "ran" }, record.launchReboot);
	}
	// The file stays in the instance's own directory for a start that comes before the restore counts as done.
	if (serves && assignment.restore !== undefined) {
		await driverOf(assignment.engine).discardKeptData(core.paths);
	}
	if (serves) record = await keepPersistence(core, assignment, record, session, engineState);
	const { converged, acted } = await session.converge(assignment, engineState);
	await tendSyncs(core, assignment, session, leads);
	if (acted) core.disturb();
	core.record = record;
	const { convergedGeneration } = core.display.view;
	// Not earlier: an adopted engine's provisional state would be reported.
	core.known = true;
	core.show({
		phase: record.rebooting ? "rebooting" : "running",
		reason: core.persistenceProblem === null ? null : reasonOf("disk", core.persistenceProblem),
		pid: core.process?.identity.pid ?? null,
		engineState,
		silentSince: null,
		busy: false,
		clientLimit: noteClientLimit(core, assignment, record, session),
		convergedGeneration:
			converged && isPersisted(assignment, record) && record.generation >= assignment.generation
				? assignment.generation
				: convergedGeneration,
	});
	core.elasticity.keep();
	if (record !== before) await core.save(record);
	return core.pace.delayMs(!engineState.linkUp || engineState.loading);
}

/** A client may have connected, or used another database, since the control plane decided that the node should end. */
async function mayEnd({ elastic: marks }: Assignment, { elastic }: EngineSession) {
	if (marks?.asleep !== true || elastic === null) return true;
	const { connected, otherDatabases } = await elastic.readClientSigns();
	return marks.becomesCluster === true ? otherDatabases !== true : !connected;
}

/** If the reboot changes the engine, the old one keeps serving until the new one is on this host. */
async function hasProgram({ context }: InstanceCore, { engine, engineVersion }: Assignment) {
	return (await context.engines.resolve(engine, engineVersion)).kind === "ready";
}

/** According to `CLUSTER MYID`, whatever its files say. */
function isAnotherNode({ cluster }: Assignment, { cluster: seen }: EngineState): boolean {
	return cluster !== null && seen !== null && seen.nodeId !== cluster.nodeId;
}

/** It identifies itself as another node: its cluster would treat it as a stranger without data of its own. */
function endAnotherNode(core: InstanceCore, { nodeName }: Assignment): number {
	const message = `${nodeName} was running with another node's identity, so its agent ended it: the cluster wouldn't have recognized it`;
	core.show({ phase: "exited", reason: reasonOf("identity-lost", message), engineState: null });
	core.tell("error", "node.identity-lost", message);
	core.process?.signal("SIGKILL");
	// Its end wakes the loop.
	return ENDING_MS;
}

/**
 * The engines have made it their primary before the data of the snapshot was there, or it was started without. No client
 * has been told of its cache yet.
 */
function endUnrestored(core: InstanceCore, { nodeName }: Assignment): number {
	const message = `${nodeName} became primary while its cache is being restored, so its agent starts it again with the data of the snapshot`;
	core.show({ phase: "exited", reason: reasonOf("restoring", message), engineState: null });
	core.tell("warning", "node.restored-again", message);
	core.process?.signal("SIGKILL");
	// Its end wakes the loop.
	return ENDING_MS;
}

async function applySettings(
	core: InstanceCore,
	assignment: Assignment,
	record: InstanceRecord,
	session: EngineSession,
): Promise<InstanceRecord> {
	const { refused, incomplete = false } = await session.applySettings(assignment);
	// It may have more memory now.
	core.syncs.killed = 0;
	const { generation, nodeName } = assignment;
	for (const { name, value, message } of refused) {
		const sentence = `${nodeName} didn't accept ${name} = ${value}: ${message}`;
		core.tell("warning", "parameter.refused", sentence);
	}
	const pid = core.process?.identity.pid;
	// Tried again at the next look, or with the next assignment.
	if (incomplete) return record;
	if (pid !== undefined) hostLimits(core.context.logger)?.apply(core.id, pid, limitsOf(assignment));
	const applied = { ...record, generation, refusedParameters: refusedValues(refused) };
	// Reported once, whatever happens in the rest of this look.
	if (refused.length > 0) await core.save(applied);
	return applied;
}

/** The process lives but doesn't answer as it should. Normal for a few milliseconds after a start. */
function noteSilence(
	core: InstanceCore,
	assignment: Assignment,
	engine: EngineProcess,
	error: unknown,
	askedAt: number,
): number {
	const message = error instanceof Error ? error.message : String(error);
	const isAnswer = error instanceof EngineCommandError;
	const isBusy = saysBusy(error);
	const { phase } = core.display.view;
	const { silence } = core;
	// An engine that answers with an error isn't silent, unless it says that it is busy.
	if (isAnswer && !isBusy) silence.end();
	else silence.note(askedAt, engine.identity.pid, assignment.busyTimeoutMs, isBusy);
	if ((phase !== "starting" && phase !== "rebooting") || (isAnswer && error.code !== "LOADING")) {
		const reason = reasonOf("unreachable", describeSilence(core, assignment, message));
		core.show({ engineState: null, reason });
	}
	const isShort = !isBusy && silence.lengthMs < SILENT_AFTER_MS;
	const silentSince = isShort ? null : silence.since;
	core.show({ silentSince, busy: silence.busy });
	if (silence.busy && core.led) core.backstop.hold(assignment, silence.lengthMs);
	return core.pace.delayMs();
}

function describeSilence(core: InstanceCore, assignment: Assignment, message: string): string {
	const { beganAt, busy } = core.silence;
	if (beganAt === null || !busy) {
		return `the engine process runs but doesn't answer its agent: ${message}`;
	}
	const seconds = Math.round(assignment.busyTimeoutMs / 1_000);
	const time = beganAt.toISOString().slice(11, 19);
	return `the engine has been busy with one command or script since ${time} UTC and doesn't answer until that ends (SCRIPT KILL ends a script). After ${seconds} s (larder-busy-timeout) a replica takes over, if there is one`;
}

function followedIn({ role, primaryHost: host, primaryPort: port }: EngineState) {
	return role === "replica" && host !== null && port !== null ? { host, port } : null;
}

function isSameNode(a: NodeAddress, b: NodeAddress | null): boolean {
	return a.host === b?.host && a.port === b.port;
}
