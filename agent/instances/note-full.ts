import type { EngineCounters } from "../drivers/driver.ts";
import type { InstanceCore } from "./instance-core.ts";

type Told = Pick<InstanceCore, "id" | "assignment" | "tell" | "toldFull" | "refusedClients">;

/**
 * The engine refused its own agent. It serves the clients that are connected, so its state hasn't changed: it just
 * can't be asked.
 */
export function noteFull(core: InstanceCore): number {
	core.silence.end();
	core.show({ silentSince: null, busy: false });
	tellFull(core);
	return core.pace.delayMs();
}

/** Tells when the engine begins to refuse clients: when it has refused some since the last sample, but none before. */
export function noteRefusals(
	core: Told,
	{ refusedClients }: Pick<EngineCounters, "refusedClients">,
): void {
	const before = core.refusedClients;
	core.refusedClients = refusedClients;
	// What an adopted process had refused before is old news. A new process counts from zero.
	if (before === null) return;
	if (refusedClients > before) tellFull(core);
	else core.toldFull = false;
}

function tellFull(core: Told): void {
	if (core.toldFull) return;
	core.toldFull = true;
	const name = core.assignment?.nodeName ?? core.id;
	const sentence = `${name} has reached its client limit (maxclients) and refuses new clients. It serves those that are connected. Close idle connections, set the parameter timeout, or use more nodes.`;
	core.tell("warning", "node.full", sentence);
}
