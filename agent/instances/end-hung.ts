import { HUNG_TIMING } from "../../server/contract/limits.ts";
import type { InstanceCore } from "./instance-core.ts";

const LAST_QUESTION_MS = 200;

/**
 * Ends what keeps a primary from answering, if the process is the given one, hangs by this host's own clock,
 * and isn't busy or has been busy for too long. A script or function that has written nothing is killed alone.
 * Otherwise the process is killed, and its end is handled like any other.
 */
export async function endHung(core: InstanceCore, pid: number): Promise<void> {
	const engine = core.process;
	if (engine?.identity.pid !== pid) return;
	const { silence } = core;
	const name = core.assignment?.nodeName ?? core.id;
	const patienceMs = Math.max(LAST_QUESTION_MS, HUNG_TIMING.endedAfterMs - silence.lengthMs);
	const answer = await core.link.ask(patienceMs);
	if (answer === "well" || silence.since === null || silence.busy) return;
	const seconds = Math.round(silence.lengthMs / 1_000);
	if (answer === "busy" && (await core.link.killScript())) {
		const sentence = `${name} didn't answer clients for ${seconds} s because of a script or function. The script had written nothing, so the host's agent killed it, and ${name} serves again. Split long scripts, or raise larder-busy-timeout.`;
		core.tell("warning", "node.script-killed", sentence);
		return;
	}
	if (!engine.signal("SIGKILL")) return;
	const sentence = `${name} didn't answer for ${seconds} s, so its agent ended it (process ${pid}) to let a replica take over`;
	core.tell("warning", "node.ended", sentence);
}
