import type { Assignment, FailoverOrder, OrderResult } from "../../server/contract/agent.ts";
import type { FellowSentinels } from "../sentinel/fellow-sentinels.ts";
import type { ShardMember } from "./shard-member.ts";

/** What an order is carried out with. */
export interface OrderContext {
	/** The cache's own users. */
	readonly auth: Assignment["auth"];
	/** Null with cluster mode, and while there is no route table to tell how to talk to them. */
	readonly sentinels: FellowSentinels | null;
}

/** How an order ended, and what goes on behind it without holding up the word of it. */
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
