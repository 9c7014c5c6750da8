import type { EngineSession } from "../drivers/driver.ts";
import type { EngineProcess } from "../supervisor/engine-process.ts";

const TERMINATE_AFTER_MS = 1_000;
const KILL_AFTER_MS = 4_000;

/** An ending in progress: when it began, and whether the engine has been asked yet. */
export interface Removal {
	readonly since: number;
	asked: boolean;
}

/**
 * Advances an engine's end: asks it once, then sends signals, and finally kills it. Called until the process
 * is gone. Every signal goes to that exact process, never to another with the same pid.
 */
export async function endEngine(
	engine: EngineProcess,
	session: EngineSession | null,
	removal: Removal,
): Promise<void> {
	const elapsedMs = performance.now() - removal.since;
	if (elapsedMs > KILL_AFTER_MS) {
		engine.signal("SIGKILL");
	} else if (elapsedMs > TERMINATE_AFTER_MS) {
		engine.signal("SIGTERM");
	} else if (!removal.asked) {
		removal.asked = true;
		if (session === null) engine.signal("SIGTERM");
		// It answers by closing the connection; if it refuses, signals follow.
		else await session.shutdown().catch(() => {});
	}
}
