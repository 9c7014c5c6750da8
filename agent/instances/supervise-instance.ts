import type { Assignment } from "../../server/contract/agent.ts";
import type { NodeAddress } from "../drivers/ask-node.ts";
import type { EngineSession, EngineState } from "../drivers/driver.ts";
import { ConnectionClosedError, EngineCommandError } from "../drivers/engine-connection.ts";
import { hostLimits } from "../supervisor/cgroup.ts";
import type { EngineProcess } from "../supervisor/engine-process.ts";
import { driverOf } from "./instance-context.ts";
import type { InstanceCore } from "./instance-core.ts";
import type { InstanceRecord } from "./instance-record.ts";
import { isStateNews, reasonOf } from "./instance-view.ts";
import { refusedValues } from "./pending-parameters.ts";
import { rebootOver } from "./reboot.ts";

/** How long an engine may take to answer before it is called silent: some commands of clients take their time. */
const SILENT_AFTER_MS = 400;

/** Looks at a running engine, does one thing that is to be done, and answers when to look again. */
export async function supervise(
	core: InstanceCore,
	assignment: Assignment,
	record: InstanceRecord,
	engine: EngineProcess,
): Promise<number> {
	const askedAt = new Date();
	try {
		const { session, state } = await observe(core, engine, askedAt);
		return await converge(core, assignment, record, session, state);
	} catch (error) {
		core.link.close();
		if (!engine.alive) return 0;
		// An engine that has handed over lets go of all its clients. That alone is no silence: it is asked again.
		if (error instanceof ConnectionClosedError && !core.letGo && core.silentSince === null) {
			core.letGo = true;
			return 0;
		}
		return noteSilence(core, error, askedAt);
	}
}

/** What the engine says of itself. While it is slow to answer, that is told. */
async function observe(core: InstanceCore, engine: EngineProcess, askedAt: Date) {
	const late = setTimeout(() => {
		core.silentSince ??= askedAt;
		core.show({ silentSince: core.silentSince.toISOString() });
	}, SILENT_AFTER_MS);
	try {
		const seen = await core.link.observe(engine.identity.pid);
		core.silentSince = null;
		core.letGo = false;
		return seen;
	} finally {
		clearTimeout(late);
	}
}

async function converge(
	core: InstanceCore,
	assignment: Assignment,
	before: InstanceRecord,
	session: EngineSession,
	engineState: EngineState,
): Promise<number> {
	if (isStateNews(core.display.view.engineState, engineState)) core.pace.disturb();
	const serves = !engineState.loading;
	if (serves && assignment.reboot > before.launchReboot) {
		await core.save({ ...before, rebooting: true });
		return 0;
	}
	let record = before;
	const followed = assignment.cluster === null ? followedIn(engineState) : null;
	if (core.followed !== null && !isSameNode(core.followed, followed)) {
		core.turnedAt = performance.now();
		// Somebody waits for this word, and not for what follows.
		core.show({ engineState });
	}
	const promoted = core.followed !== null && engineState.role === "primary";
	// An order has a new primary take writes without any replica, whatever its settings say.
	if (record.generation < assignment.generation || promoted) {
		record = await applySettings(core, assignment, record, session);
	}
	core.followed = followed;
	if (serves && (record.history !== "ran" || record.reboot !== record.launchReboot)) {
		await driverOf(assignment.engine).discardKeptData(core.paths);
		record = rebootOver({ ...record, history: "ran" }, record.launchReboot);
	}
	const { converged, acted } = await session.converge(assignment, engineState);
	if (acted) core.disturb();
	core.record = record;
	const { convergedGeneration } = core.display.view;
	// Not before: what an adopted engine is shown as until then would be told.
	core.known = true;
	core.show({
		phase: record.rebooting ? "rebooting" : "running",
		reason: null,
		pid: core.process?.identity.pid ?? null,
		engineState,
		silentSince: null,
		convergedGeneration: converged ? assignment.generation : convergedGeneration,
	});
	if (record !== before) await core.save(record);
	return core.pace.delayMs();
}

async function applySettings(
	core: InstanceCore,
	assignment: Assignment,
	record: InstanceRecord,
	session: EngineSession,
): Promise<InstanceRecord> {
	const { refused } = await session.applySettings(assignment);
	const { generation, nodeName } = assignment;
	for (const { name, value, message } of refused) {
		const sentence = `${nodeName} didn't take ${name} = ${value}: ${message}`;
		core.tell("warning", "parameter.refused", sentence);
	}
	const pid = core.process?.identity.pid;
	if (pid !== undefined) hostLimits(core.context.logger)?.apply(core.id, pid, assignment);
	const applied = { ...record, generation, refusedParameters: refusedValues(refused) };
	// Told once, whatever becomes of the rest of this look.
	if (refused.length > 0) await core.save(applied);
	return applied;
}

/** The process lives but doesn't answer as it should. Normal for some milliseconds after a start. */
function noteSilence(core: InstanceCore, error: unknown, askedAt: Date): number {
	const message = error instanceof Error ? error.message : String(error);
	const refused = error instanceof EngineCommandError && error.code !== "LOADING";
	const { phase } = core.display.view;
	// Whoever answers with an error isn't silent.
	core.silentSince = error instanceof EngineCommandError ? null : (core.silentSince ?? askedAt);
	const silentSince = core.silentSince?.toISOString() ?? null;
	if ((phase !== "starting" && phase !== "rebooting") || refused) {
		const sentence = `the engine process runs but doesn't answer its agent: ${message}`;
		core.show({ engineState: null, reason: reasonOf("unreachable", sentence), silentSince });
	} else {
		const silentMs = Date.now() - (core.silentSince ?? askedAt).getTime();
		core.show({ silentSince: silentMs < SILENT_AFTER_MS ? null : silentSince });
	}
	return core.pace.delayMs();
}

function followedIn({ role, primaryHost: host, primaryPort: port }: EngineState) {
	return role === "replica" && host !== null && port !== null ? { host, port } : null;
}

function isSameNode(a: NodeAddress, b: NodeAddress | null): boolean {
	return a.host === b?.host && a.port === b.port;
}
