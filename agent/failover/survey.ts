import { setTimeout as pause } from "node:timers/promises";
import type { ShardMember } from "./shard-member.ts";

const LOOK_EVERY_MS = 1;
const STABLE_MS = 10;
const DRAIN_AT_MOST_MS = 150;
const STRAGGLER_MS = 50;

/**
 * Watches the candidates until it is known how far each has come: its link to the primary has ended, or it has applied
 * nothing more for 10 ms, or no more time is left. Or until one says that it leads. One that doesn't answer holds up the
 * others for 50 ms at most. Their readings go on being renewed.
 */
export async function surveyUntilDrained(candidates: readonly ShardMember[]): Promise<void> {
	let firstAt: number | null = null;
	let stableSince: number | null = null;
	for (;;) {
		const known = candidates.filter(({ reading }) => reading !== null);
		if (candidates.every((candidate) => candidate.known) && known.length === 0) return;
		if (leaderAmong(candidates) !== null) return;
		const now = performance.now();
		if (known.length > 0) {
			firstAt ??= now;
			const stable = known.every((candidate) => isDrained(candidate, now));
			stableSince = stable ? (stableSince ?? now) : null;
			const allKnown = candidates.every((candidate) => candidate.known);
			if (stableSince !== null && (allKnown || now - stableSince >= STRAGGLER_MS)) return;
			if (now - firstAt >= DRAIN_AT_MOST_MS) return;
		}
		await pause(LOOK_EVERY_MS);
	}
}

/** One whose link has ended has had all that was in it; otherwise time alone can tell. */
function isDrained({ reading, changedAt }: ShardMember, now: number): boolean {
	return reading?.linkUp === false || now - changedAt >= STABLE_MS;
}

/** Who says that it leads. If several do, the one that others follow; null for nobody. */
export function leaderAmong(candidates: readonly ShardMember[]): ShardMember | null {
	const leaders = candidates.filter(({ reading }) => reading?.isPrimary === true);
	const followers = (leader: ShardMember) => leader.reading?.replicas.length ?? 0;
	return leaders.sort((a, b) => followers(b) - followers(a))[0] ?? null;
}
