import type { EngineSession } from "../drivers/driver.ts";
import type { EngineProcess } from "../supervisor/engine-process.ts";

const TERMINATE_AFTER_MS = 1_000;
const KILL_AFTER_MS = 4_000;

/** An ending under way: since when, and whether the engine has been asked yet. */
export interface Removal {
	readonly since: number;
	asked: boolean;
}

/**
 * Brings an engine's end on: asks it once, then signals, at last kills. Called until the process is gone. Every signal
 * goes to that very process, never to another that was given its pid.
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
		// It answers by closing the connection; if it refuses, the signals follow.
		else await session.shutdown().catch(() => {});
	}
}
