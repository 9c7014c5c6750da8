import { cutConnections } from "../supervisor/cut-connections.ts";
import type { EngineProcess } from "../supervisor/engine-process.ts";
import { recordExit } from "../supervisor/restart-policy.ts";
import { driverOf } from "./instance-context.ts";
import type { InstanceCore } from "./instance-core.ts";
import type { InstanceRecord } from "./instance-record.ts";
import { reasonOf } from "./instance-view.ts";
import { readLogTail } from "./log-tail.ts";
import { isStopping, rebootOver } from "./reboot.ts";

/** The engine's process has ended: says so, and writes down what that means for the next start. */
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
	core.silentSince = null;
	core.letGo = false;
	core.followed = null;
	if (!core.removing && isStopping(record, core.assignment)) {
		core.exits = { failures: 0, lastExitAt: now };
		core.show({ phase: "rebooting", reason: null, pid: null, engineState: null });
		return await core.save({ ...record, identity: null });
	}
	const ranMs = core.spawnedAt === null ? Number.POSITIVE_INFINITY : now - core.spawnedAt;
	const empty =
		record.history === "unknown" && !(await driverOf(record.engine).hasServed(core.paths));
	core.exits = recordExit(core.exits, ranMs, now, !empty);
	if (core.removing) return;
	const what = `engine process ${engine.identity.pid} ended${empty ? " before it could serve" : ""} (${engine.exitDetail})`;
	// Told before anything slow: the control plane promotes on this word.
	const code = empty ? "launch-failed" : "exited";
	core.show({ phase: "exited", reason: reasonOf(code, what), pid: null, engineState: null });
	// Without cluster mode clients come through gateways, which let them go by themselves.
	if (core.assignment?.cluster && record.port !== null) {
		await cutConnections(core.context.bindAddress, record.port);
	}
	const over = record.rebooting ? rebootOver(record, record.launchReboot) : record;
	await core.save({ ...over, identity: null, history: empty ? "never" : record.history });
	// Of a process that was killed the log knows nothing.
	const killed = /SIG(KILL|TERM)/.test(engine.exitDetail ?? "");
	const tail = killed && !empty ? "" : await readLogTail(core.paths.log);
	const message = tail === "" ? what : `${what}; its log ends with: ${tail}`;
	if (empty) core.show({ reason: reasonOf(code, message) });
	core.tell("error", "node.exited", message);
}
