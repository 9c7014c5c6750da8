import type { FailoverOrder } from "../../server/contract/desired-state.ts";
import { askNode, saysPrimary } from "../drivers/ask-node.ts";
import type { OrderContext } from "./order-context.ts";
import { answers, type ShardMember } from "./shard-member.ts";

/** A candidate that heard from its primary this recently vouches for it. */
const HEARD_SECONDS = 2;

/** Why a failed primary must not be replaced now, in a sentence; null if it can be. */
export async function obstacleTo(
	order: FailoverOrder,
	context: OrderContext,
): Promise<string | null> {
	const [sentinel, living] = await Promise.all([sentinelAtIt(context), lifeOf(order, context)]);
	return sentinel ?? living;
}

/**
 * Asks the failed primary itself, because the control plane may have decided based on reports that were out of date.
 * Returns why it needs no replacement, in a sentence; null if it may need one.
 */
async function lifeOf({ from, fromState }: FailoverOrder, { auth }: OrderContext) {
	switch (fromState) {
		case "silent": {
			const alive = await answers(from, auth);
			return alive ? `${from.name} answers this host, so it stays primary` : null;
		}
		case "demoted": {
			const role = await askNode(auth, from, ["ROLE"]);
			if (saysPrimary(role)) return `${from.name} says that it is the primary, so it stays primary`;
			if (!Array.isArray(role) || role[0] !== "slave") return null;
			const followed = { host: String(role[1]), port: Number(role[2]) };
			if (!saysPrimary(await askNode(auth, followed, ["ROLE"]))) return null;
			return `${from.name} follows ${followed.host}:${followed.port}, which says that it is the primary`;
		}
		case "alive":
		case "dead":
		case "lost":
			return null;
	}
}

/**
 * Why a failover is left to a Sentinel that has begun one, in a sentence; null if none has. Sentinels that don't answer
 * in time don't count.
 */
export async function sentinelAtIt({ sentinels }: OrderContext): Promise<string | null> {
	const sentinel = (await sentinels?.failingOver()) ?? null;
	if (sentinel === null) return null;
	return `the Sentinel at ${sentinel.host}:${sentinel.port} has already begun a failover`;
}

/** Names a candidate that still hears from a silent primary, in a sentence; null if none does. */
export function heardFrom(candidates: readonly ShardMember[], order: FailoverOrder): string | null {
	if (order.fromState !== "silent") return null;
	const witness = candidates.find(({ reading }) => {
		const seconds = reading?.heardSecondsAgo ?? null;
		return seconds !== null && seconds < HEARD_SECONDS;
	});
	if (witness === undefined) return null;
	return `${witness.name} heard from ${order.from.name} a moment ago, so ${order.from.name} stays primary`;
}
