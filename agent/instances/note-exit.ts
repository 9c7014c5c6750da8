import { isDiskFull } from "../machine/machine-facts.ts";
import { cutConnections } from "../supervisor/cut-connections.ts";
import type { EngineProcess } from "../supervisor/engine-process.ts";
import {
	type ExitHistory,
	isExitNews,
	keepsEnding,
	NO_EXITS,
	recordExit,
} from "../supervisor/restart-policy.ts";
import { driverOf } from "./instance-context.ts";
import type { InstanceCore } from "./instance-core.ts";
import type { InstanceRecord } from "./instance-record.ts";
import { type InstanceReason, reasonOf } from "./instance-view.ts";
import { readLogTail } from "./log-tail.ts";
import { couldNotLoad } from "./persistence.ts";
import { isStopping, keepUnloaded, mayWakeAgain, rebootOver } from "./reboot.ts";

/** The engine's process has ended: reports it, and records what that means for the next start. */
export async function noteExit(
	core: InstanceCore,
	engine: EngineProcess,
	record: InstanceRecord,
): Promise<void> {
	const now = performance.now();
	core.process = null;
	core.known = true;
	core.link.close();
	core.rebootStop = null;
	core.silence.end();
	core.backstop.release();
	core.letGo = false;
	core.followed = null;
	if (!core.removing && isStopping(record, core.assignment)) {
		core.exits = { ...NO_EXITS, lastExitAt: now };
		core.show({ phase: "rebooting", reason: null, pid: null, engineState: null });
		return await core.save({ ...record, identity: null });
	}
	const { assignment } = core;
	if (!core.removing && assignment !== null && (await mayWakeAgain(record, engine))) {
		core.exits = { ...NO_EXITS, lastExitAt: now };
		core.show({ phase: "rebooting", reason: null, pid: null, engineState: null });
		return await core.save({ ...record, identity: null, launchReboot: assignment.reboot - 1 });
	}
	const ranMs = core.spawnedAt === null ? Number.POSITIVE_INFINITY : now - core.spawnedAt;
	const empty =
		record.history === "unknown" && !(await driverOf(record.engine).hasServed(core.paths));
	const diskFull = await isDiskFull(core.context.homeDir);
	core.exits = recordExit(core.exits, ranMs, now, { served: !empty, diskFull });
	if (core.removing) return;
	const what = `engine process ${engine.identity.pid} ended${empty ? " before it could serve" : ""} (${engine.exitDetail})${howOften(core.exits, now)}`;
	// Report it before anything slow: the control plane promotes a replica when it hears this.
	const code = exitCodeOf(core.exits, empty);
	core.show({ phase: "exited", reason: reasonOf(code, what), pid: null, engineState: null });
	// Without cluster mode, clients connect through gateways, which already disconnect them.
	if (core.assignment?.cluster && record.port !== null) {
		await cutConnections(core.context.bindAddress, record.port);
	}
	const driver = driverOf(record.engine);
	const isDamaged = await couldNotLoad(core, record, engine, diskFull);
	// Its files are loaded at the next start.
	const isPersisted = record.appendFiles !== "no" && !isDamaged;
	const unloaded = isPersisted ? "" : await keepUnloaded(driver, core.paths, record, isDamaged);
	const over = record.rebooting ? rebootOver(record, record.launchReboot) : record;
	await core.save({
		...over,
		identity: null,
		history: empty ? "never" : record.history,
		appendFiles: isPersisted ? "yes" : "no",
	});
	// The log of a killed process doesn't say why it ended.
	const killed = /SIG(KILL|TERM)/.test(await engine.howItEnded());
	const tail = killed && !empty ? "" : await readLogTail(core.paths.log);
	const message = `${what}${tail === "" ? "" : `; its log ends with: ${tail}`}${unloaded}`;
	if (code !== "exited") core.show({ reason: reasonOf(code, message) });
	if (isExitNews(core.exits) || unloaded !== "") core.tell("error", "node.exited", message);
}

function exitCodeOf(exits: ExitHistory, empty: boolean): InstanceReason["code"] {
	if (keepsEnding(exits)) return "keeps-ending";
	return empty ? "launch-failed" : "exited";
}

function howOften({ shortLives, shortLivesSince }: ExitHistory, now: number): string {
	if (shortLives < 2 || shortLivesSince === null) return "";
	const since = new Date(Date.now() - (now - shortLivesSince));
	return `; it has exited ${shortLives} times since ${since.toISOString().slice(0, 19)}Z`;
}
