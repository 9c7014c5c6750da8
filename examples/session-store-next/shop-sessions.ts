import { connectCache } from "larder-examples-shared";
import { Sessions } from "./sessions.ts";

// Next.js loads this module once for pages and once for routes.
const held = globalThis as { shopSessions?: Sessions | null };

/** One connection for each process. The build, which loads this module too, needs none. */
export function shopSessions(): Sessions {
	held.shopSessions ??= new Sessions(connectCache());
	return held.shopSessions;
}

/** For tests: others than those that the environment names; null ends that. */
export function replaceSessions(sessions: Sessions | null): void {
	held.shopSessions = sessions;
}
