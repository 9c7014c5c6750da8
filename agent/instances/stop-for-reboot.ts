import type { Assignment } from "../../server/contract/agent.ts";
import type { EngineProcess } from "../supervisor/engine-process.ts";
import { driverOf } from "./instance-context.ts";
import type { InstanceCore } from "./instance-core.ts";
import type { InstanceRecord } from "./instance-record.ts";
import { reasonOf } from "./instance-view.ts";
import { RebootStop, rebootOver } from "./reboot.ts";

const STOP_POLL_MS = 50;

/** The first half of a reboot: the engine ends with its data kept, or says why it doesn't. */
export async function stopForReboot(
	core: InstanceCore,
	assignment: Assignment,
	record: InstanceRecord,
	engine: EngineProcess,
): Promise<number> {
	core.known = true;
	core.show({ phase: "rebooting", reason: null, pid: engine.identity.pid });
	core.rebootStop ??= new RebootStop(() => core.wake());
	const stop = core.rebootStop;
	await stop.advance(engine, core.link, driverOf(assignment.engine).keepsData);
	if (stop.refusal === null) return STOP_POLL_MS;
	core.rebootStop = null;
	await core.save(rebootOver(record, assignment.reboot));
	const message = `${assignment.nodeName} can't be rebooted, and goes on as it was: ${stop.refusal}`;
	core.tell("error", "node.reboot-failed", message);
	return 0;
}

/** It ended, but without what it needs to start again by itself: an ordinary exit from here on. */
export async function giveUpReboot(
	core: InstanceCore,
	assignment: Assignment,
	record: InstanceRecord,
): Promise<number> {
	const message = `${assignment.nodeName} ended for a reboot without its data; its replicas hold them`;
	core.show({ phase: "exited", reason: reasonOf("exited", message), pid: null });
	await core.save(rebootOver(record, assignment.reboot));
	core.tell("error", "node.reboot-failed", message);
	return 0;
}
