import type { Assignment, FailoverOrder } from "../../server/contract/desired-state.ts";
import type { OrderResult } from "../../server/contract/host-report.ts";
import type { FellowSentinels } from "../sentinel/fellow-sentinels.ts";
import type { ShardMember } from "./shard-member.ts";

/** What carrying out an order requires. */
export interface OrderContext {
	/** The cache's own users. */
	readonly auth: Assignment["auth"];
	/** Null with cluster mode, and while there is no route table that says how to reach them. */
	readonly sentinels: FellowSentinels | null;
	/** Fulfilled once every reachable gateway leads to the node that the order promoted. */
	readonly endpointsFollow: Promise<void>;
}

/** How an order ended, and the work that continues in the background without delaying the result. */
export interface OrderEnd {
	readonly result: OrderResult;
	readonly rest: Promise<unknown>;
}

export function done(
	order: FailoverOrder,
	leader: ShardMember,
	options: { rest?: Promise<unknown>; writesUnavailableMs?: number } = {},
): OrderEnd {
	const result = {
		...{ id: order.id, outcome: "done" as const, message: "" },
		leaderNodeId: leader.member.nodeId,
		writesUnavailableMs: options.writesUnavailableMs ?? null,
	};
	return { result, rest: options.rest ?? Promise.resolve() };
}

export function notDone(
	order: FailoverOrder,
	outcome: "refused" | "failed",
	message: string,
): OrderEnd {
	const text = message.slice(0, 2_000);
	const result = { id: order.id, outcome, message: text };
	return {
		result: { ...result, leaderNodeId: null, writesUnavailableMs: null },
		rest: Promise.resolve(),
	};
}
