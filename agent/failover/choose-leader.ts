import type { FailoverOrder } from "../../server/contract/desired-state.ts";
import type { ReplicationReading } from "../drivers/replication-reading.ts";

/** A member with its newest reading; null while it doesn't answer. */
interface Read {
	readonly reading: ReplicationReading | null;
}

/**
 * The node to promote: of those that may lead, the one that has applied most. Offsets count only within one
 * history, so nodes that followed the failed primary come before nodes that still follow an earlier one. If
 * the primary is dead and no node has synced, data that survived a reboot is better than none; if no node
 * holds data, an empty one leads. Null if none may lead.
 */
export function chooseBest<T extends Read>(
	candidates: readonly T[],
	{ from, fromState }: Pick<FailoverOrder, "from" | "fromState">,
): T | null {
	const followed = ({ reading }: T) =>
		reading?.follows?.host === from.host && reading.follows.port === from.port;
	const synced = candidates.filter(({ reading }) => reading?.mayLead === true);
	const able = synced.length > 0 ? synced : lastResort(candidates, fromState);
	const current = able.filter(followed);
	const [first, ...rest] = current.length > 0 ? current : able;
	if (first === undefined) return null;
	return rest.reduce((best, next) => (offsetOf(next) > offsetOf(best) ? next : best), first);
}

/** The member that says it leads. If several do, the one with the most replicas; null if none does. */
export function leaderAmong<T extends Read>(members: readonly T[]): T | null {
	const leaders = members.filter(({ reading }) => reading?.isPrimary === true);
	const followers = (leader: T) => leader.reading?.replicas.length ?? 0;
	return leaders.sort((a, b) => followers(b) - followers(a))[0] ?? null;
}

/**
 * The member that leads already, so that no other should be promoted; null if there is none. A former primary that a
 * failover left behind may still call itself primary. So one of `others` counts only if a candidate's data belongs to its
 * history, or to the one that its history continued.
 */
export function leaderOf<T extends Read>(
	candidates: readonly T[],
	others: readonly T[],
	fromState: FailoverOrder["fromState"],
): T | null {
	const found = leaderAmong(candidates);
	if (found !== null) return found;
	// The candidates are empty, so any primary has more.
	if (fromState === "lost") return leaderAmong(others);
	const histories = new Set(candidates.flatMap(({ reading }) => reading?.history || []));
	return leaderAmong(
		others.filter(({ reading }) => {
			return (
				reading !== null && (histories.has(reading.history) || histories.has(reading.formerHistory))
			);
		}),
	);
}

/**
 * The members that may be promoted. The control plane considers the others of a `lost` shard dead, but its reports may
 * be old. So if one of them answers after all and has synced, it comes before an empty start.
 */
export function eligible<T extends Read>(
	candidates: readonly T[],
	others: readonly T[],
	fromState: FailoverOrder["fromState"],
): T[] {
	if (fromState !== "lost") return [...candidates];
	return [...candidates, ...others.filter(({ reading }) => reading?.mayLead === true)];
}

function lastResort<T extends Read>(
	candidates: readonly T[],
	fromState: FailoverOrder["fromState"],
): T[] {
	switch (fromState) {
		case "dead":
			return candidates.filter(({ reading }) => reading?.keptData === true);
		case "lost":
			// A node that doesn't answer may hold the data after all.
			return candidates.every(({ reading }) => reading !== null) ? [...candidates] : [];
		case "alive":
		case "demoted":
		case "silent":
			return [];
	}
}

function offsetOf({ reading }: Read): number {
	return reading?.offset ?? -1;
}
