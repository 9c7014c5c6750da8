import type { Assignment } from "../../server/contract/desired-state.ts";
import type { EngineProcess } from "../supervisor/engine-process.ts";
import { driverOf } from "./instance-context.ts";
import type { InstanceCore } from "./instance-core.ts";
import type { InstanceRecord } from "./instance-record.ts";
import { reasonOf } from "./instance-view.ts";
import { keepUnloaded, RebootStop, rebootOver } from "./reboot.ts";

const STOP_POLL_MS = 50;

/** The first half of a reboot: the engine saves its data and ends, or says why it doesn't. */
export async function stopForReboot(
	core: InstanceCore,
	assignment: Assignment,
	record: InstanceRecord,
	engine: EngineProcess,
): Promise<number> {
	core.known = true;
	core.show({ phase: "rebooting", reason: null, pid: engine.identity.pid });
	if (core.rebootStop === null) await core.tellLastReading();
	core.rebootStop ??= new RebootStop(() => core.wake());
	const stop = core.rebootStop;
	await stop.advance(engine, core.link, driverOf(assignment.engine).keepsData);
	if (stop.refusal === null) return STOP_POLL_MS;
	core.rebootStop = null;
	await core.save(rebootOver(record, assignment.reboot));
	const message = `${assignment.nodeName} couldn't be rebooted and keeps running as before: ${stop.refusal}`;
	core.tell("error", "node.reboot-failed", message);
	return 0;
}

/** It ended, but without what it needs to restart by itself: an ordinary exit from here on. */
export async function giveUpReboot(
	core: InstanceCore,
	assignment: Assignment,
	record: InstanceRecord,
): Promise<number> {
	const unloaded = await keepUnloaded(driverOf(assignment.engine), core.paths, record);
	const cause =
		unloaded === ""
			? "without saving its data; its replicas hold it"
			: "and didn't load its data again";
	const message = `${assignment.nodeName} ended for a reboot ${cause}${unloaded}`;
	core.show({ phase: "exited", reason: reasonOf("exited", message), pid: null });
	await core.save(rebootOver(record, assignment.reboot));
	core.tell("error", "node.reboot-failed", message);
	return 0;
}
