import { setTimeout as delay } from "node:timers/promises";
import {
	isProcessAlive,
	type ProcessIdentity,
	signalProcess,
} from "../../platform/process-identity.ts";

const POLL_MS = 20;
const AFTER_KILL_MS = 5_000;

export type EndResult = "was gone" | "stopped" | "killed" | "still there";

/** Sends SIGTERM, and SIGKILL if that hasn't ended it after `graceMs`. Waits at most AFTER_KILL_MS after that. */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<EndResult> {
	if (!signalProcess(identity, "SIGTERM")) return "was gone";
	if (await waitUntilGone(identity, graceMs)) return "stopped";
	signalProcess(identity, "SIGKILL");
	return (await waitUntilGone(identity, AFTER_KILL_MS)) ? "killed" : "still there";
}

async function waitUntilGone(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
	const deadline = performance.now() + timeoutMs;
	while (isProcessAlive(identity)) {
		if (performance.now() > deadline) return false;
		await delay(POLL_MS);
	}
	return true;
}
