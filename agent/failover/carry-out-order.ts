import type { FailoverOrder, OrderResult } from "../../server/contract/agent.ts";
import { electReplica, handOverSlots } from "./cluster-failover.ts";
import { handOver } from "./hand-over.ts";
import { notDone, type OrderContext, type OrderEnd } from "./order-context.ts";
import { promoteReplica } from "./promote-replica.ts";
import { ShardMember } from "./shard-member.ts";

/**
 * Makes another node lead, as the order says, and answers what became of it. Never throws. An agent that dies at any
 * point leaves the shard as an order that comes after can find it: who leads is asked of the engines each time.
 */
export async function carryOutOrder(
	order: FailoverOrder,
	context: OrderContext,
): Promise<OrderResult> {
	const old = new ShardMember(order.from, context.auth);
	const candidates = order.candidates.map((member) => new ShardMember(member, context.auth));
	const end = await begin(order, old, candidates, context).catch((error: unknown) =>
		notDone(order, "failed", error instanceof Error ? error.message : String(error)),
	);
	void end.rest.finally(() => {
		for (const member of [old, ...candidates]) member.close();
	});
	return end.result;
}

async function begin(
	order: FailoverOrder,
	old: ShardMember,
	candidates: readonly ShardMember[],
	context: OrderContext,
): Promise<OrderEnd> {
	if (order.clusterMode === "enabled") {
		return order.kind === "planned"
			? await handOverSlots(order, old, candidates)
			: await electReplica(order, candidates, context);
	}
	return order.kind === "planned"
		? await handOver(order, old, candidates, context)
		: await promoteReplica(order, candidates, context);
}
