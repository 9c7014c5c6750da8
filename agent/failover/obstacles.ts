import type { FailoverOrder } from "../../server/contract/agent.ts";
import type { OrderContext } from "./order-context.ts";
import { answers, type ShardMember } from "./shard-member.ts";

/** A candidate that heard from its primary so lately speaks for it. */
const HEARD_SECONDS = 2;

/** Why a failed primary may not be replaced now, in a sentence; null when it may. */
export async function obstacleTo(
	order: FailoverOrder,
	context: OrderContext,
): Promise<string | null> {
	const [sentinel, alive] = await Promise.all([
		sentinelAtIt(context),
		order.fromState === "silent" && answers(order.from, context.auth),
	]);
	if (sentinel !== null) return sentinel;
	return alive ? `${order.from.name} answers this host, so it is left to lead` : null;
}

/** A Sentinel that fails over by itself isn't interfered with. Those that don't answer in time don't count. */
export async function sentinelAtIt({ sentinels }: OrderContext): Promise<string | null> {
	const sentinel = (await sentinels?.failingOver()) ?? null;
	if (sentinel === null) return null;
	return `the Sentinel at ${sentinel.host}:${sentinel.port} is failing over by itself`;
}

/** A candidate that still hears from a silent primary; null when none does. */
export function heardFrom(candidates: readonly ShardMember[], order: FailoverOrder): string | null {
	if (order.fromState !== "silent") return null;
	const witness = candidates.find(({ reading }) => {
		const seconds = reading?.heardSecondsAgo ?? null;
		return seconds !== null && seconds < HEARD_SECONDS;
	});
	if (witness === undefined) return null;
	return `${witness.name} heard from ${order.from.name} a moment ago, so it is left to lead`;
}
