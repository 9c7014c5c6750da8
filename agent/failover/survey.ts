import { setTimeout as pause } from "node:timers/promises";
import type { FailoverOrder } from "../../server/contract/desired-state.ts";
import { leaderOf } from "./choose-leader.ts";
import type { ShardMember } from "./shard-member.ts";

const LOOK_EVERY_MS = 1;
const STABLE_MS = 10;
const DRAIN_AT_MOST_MS = 150;
const STRAGGLER_MS = 50;

/**
 * Watches the shard's members until each one's offset is final: its link to the primary has ended, or it has
 * applied nothing more for 10 ms, or time has run out. Stops early if one leads already. One that doesn't answer
 * holds up the others for 50 ms at most. Readings continue afterward.
 */
export async function surveyUntilDrained(
	candidates: readonly ShardMember[],
	others: readonly ShardMember[],
	fromState: FailoverOrder["fromState"],
): Promise<void> {
	const members = [...candidates, ...others];
	let firstAt: number | null = null;
	let stableSince: number | null = null;
	for (;;) {
		const known = members.filter(({ reading }) => reading !== null);
		if (members.every((member) => member.known) && known.length === 0) return;
		if (leaderOf(candidates, others, fromState) !== null) return;
		const now = performance.now();
		if (known.length > 0) {
			firstAt ??= now;
			const stable = known.every((candidate) => isDrained(candidate, now));
			stableSince = stable ? (stableSince ?? now) : null;
			const allKnown = members.every((member) => member.known);
			if (stableSince !== null && (allKnown || now - stableSince >= STRAGGLER_MS)) return;
			if (now - firstAt >= DRAIN_AT_MOST_MS) return;
		}
		await pause(LOOK_EVERY_MS);
	}
}

/** A candidate whose link has ended has received everything in it; otherwise only time can tell. */
function isDrained({ reading, changedAt }: ShardMember, now: number): boolean {
	return reading?.linkUp === false || now - changedAt >= STABLE_MS;
}
