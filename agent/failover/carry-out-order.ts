import type { FailoverOrder } from "../../server/contract/desired-state.ts";
import type { OrderResult } from "../../server/contract/host-report.ts";
import { electReplica, handOverSlots } from "./cluster-failover.ts";
import { handOver } from "./hand-over.ts";
import { notDone, type OrderContext, type OrderEnd } from "./order-context.ts";
import { promoteReplica } from "./promote-replica.ts";
import { ShardMember } from "./shard-member.ts";

/**
 * Makes another node the primary, as the order says, and returns the outcome. Never throws. If the agent dies
 * at any point, the next order can still handle the shard, because each order asks the engines which node is
 * primary.
 */
export async function carryOutOrder(
	order: FailoverOrder,
	context: OrderContext,
): Promise<OrderResult> {
	const old = new ShardMember(order.from, context.auth);
	const candidates = order.candidates.map((member) => new ShardMember(member, context.auth));
	const others = order.others.map((member) => new ShardMember(member, context.auth));
	const receivers = order.receivers.map((member) => new ShardMember(member, context.auth));
	const end = await begin(order, { old, candidates, others, receivers }, context).catch(
		(error: unknown) =>
			notDone(order, "failed", error instanceof Error ? error.message : String(error)),
	);
	void end.rest.finally(() => {
		for (const member of [old, ...candidates, ...others, ...receivers]) member.close();
	});
	return end.result;
}

interface Members {
	readonly old: ShardMember;
	readonly candidates: readonly ShardMember[];
	readonly others: readonly ShardMember[];
	readonly receivers: readonly ShardMember[];
}

async function begin(
	order: FailoverOrder,
	{ old, candidates, others, receivers }: Members,
	context: OrderContext,
): Promise<OrderEnd> {
	if (order.clusterMode === "enabled") {
		return order.kind === "planned"
			? await handOverSlots(order, old, candidates, receivers)
			: await electReplica(order, candidates, others, receivers, context);
	}
	return order.kind === "planned"
		? await handOver(order, old, candidates, context)
		: await promoteReplica(order, candidates, others, context);
}
