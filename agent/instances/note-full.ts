import type { EngineCounters } from "../drivers/driver.ts";
import type { InstanceCore } from "./instance-core.ts";

const QUIET_MS = 5 * 60_000;

type Core = Pick<InstanceCore, "id" | "assignment" | "tell" | "refusedAt" | "refusedClients">;

/**
 * The engine refused its own agent. It serves the clients that are connected, so its state hasn't changed: it just
 * can't be asked.
 */
export function noteFull(core: InstanceCore): number {
	core.silence.end();
	core.show({ silentSince: null, busy: false });
	reportFull(core);
	return core.pace.delayMs();
}

/** Reports it if the engine has refused clients since the last sample. */
export function noteRefusals(
	core: Core,
	{ refusedClients }: Pick<EngineCounters, "refusedClients">,
): void {
	const before = core.refusedClients;
	core.refusedClients = refusedClients;
	// What an adopted process had refused before is old news. A new process counts from zero.
	if (before !== null && refusedClients > before) reportFull(core);
}

/** Reports it once, and again only after a while without a refusal, because clients try again. */
function reportFull(core: Core): void {
	const now = performance.now();
	const isNews = now - core.refusedAt > QUIET_MS;
	core.refusedAt = now;
	if (!isNews) return;
	const name = core.assignment?.nodeName ?? core.id;
	const sentence = `${name} has reached its client limit (maxclients) and refuses new clients. It serves those that are connected. Close idle connections, set the parameter timeout, or use more nodes.`;
	core.tell("warning", "node.full", sentence);
}
