import type { Assignment } from "../../server/contract/desired-state.ts";
import { MIB } from "../../server/contract/limits.ts";
import type { EngineSession } from "../drivers/driver.ts";
import { detectLimits, limitsOf } from "../supervisor/cgroup.ts";
import type { InstanceCore } from "./instance-core.ts";

/** After this many in a row, another try is unlikely to succeed. */
const KILLED_MAX = 3;
const PACE_SECONDS = [10, 20, 40, 60] as const;

/** How many times in a row the process that sends a primary's data was killed: `before`, then what `lines` of its log add. */
export function killedInARow(before: number, lines: string): number {
	let killed = before;
	for (const [, end] of lines.matchAll(
		/Background (?:RDB )?(?:transfer|saving) terminated (with success|by signal 9\b)/g,
	)) {
		killed = end === "with success" ? 0 : killed + 1;
	}
	return killed;
}

/** How long a primary waits before it sends its data again. A replica whose sync failed asks again at once. */
export function syncDelaySeconds(killed: number): number {
	if (killed < KILLED_MAX) return 0;
	return PACE_SECONDS[Math.min(killed - KILLED_MAX, PACE_SECONDS.length - 1)] ?? 0;
}

/** The third is news, and so is each doubling: a loop that lasts for days causes a dozen events. */
export function isKillNews(before: number, killed: number): boolean {
	for (let news = KILLED_MAX; news <= killed; news *= 2) if (news > before) return true;
	return false;
}

/**
 * A full sync forks the primary. Without enough memory for that, the kernel kills the child each time, and each try slows
 * the primary's clients. So the primary tries less and less often, down to once a minute, until a sync succeeds or its
 * settings change.
 */
export async function tendSyncs(
	core: InstanceCore,
	assignment: Assignment,
	session: EngineSession,
	leads: boolean,
): Promise<void> {
	const { syncs } = core;
	const before = syncs.killed;
	const lines = await syncs.log.readNew();
	syncs.killed = leads ? killedInARow(before, lines) : 0;
	const delay = syncDelaySeconds(syncs.killed);
	if (isKillNews(before, syncs.killed)) {
		core.tell("error", "node.sync-killed", describeKills(assignment, syncs.killed, delay));
	}
	if (delay === syncs.delaySeconds) return;
	await session.setSyncDelay(delay);
	syncs.delaySeconds = delay;
}

function describeKills(assignment: Assignment, killed: number, delay: number): string {
	const limit = Math.round(limitsOf(assignment).memoryBytes / MIB).toLocaleString("en-US");
	const [cause, remedy] =
		detectLimits() === "none"
			? ["its host ran out of memory", "Move the node to a host with more memory, or free some"]
			: [
					`the node reached its memory limit of ${limit} MiB (the node type's memory plus maxmemory)`,
					"Choose a larger node type, or raise reserved-memory-percent in the parameter group",
				];
	return `${assignment.nodeName} can't send its data to a replica: the process that sends it was killed ${killed} times in a row, most likely because ${cause}. Until a sync succeeds, the replica can't take over. ${remedy}. The next attempt will start in ${delay} s at the earliest.`;
}
