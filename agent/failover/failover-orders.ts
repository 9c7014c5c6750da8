import type { Logger } from "../../platform/logger.ts";
import type { Assignment, FailoverOrder, OrderResult } from "../../server/contract/agent.ts";
import { FellowSentinels } from "../sentinel/fellow-sentinels.ts";
import { carryOutOrder } from "./carry-out-order.ts";
import { notDone } from "./order-context.ts";

const REMEMBER_MS = 10 * 60_000;

/** The failover orders that this agent was given: carries each out once, and tells what became of it. */
export class FailoverOrders {
	private readonly options: {
		/** The assignment of a node of this host; null when the host has none such. */
		assignmentOf: (nodeId: string) => Assignment | null;
		sentinelPassword: () => string | null;
		onResult: (result: OrderResult, order: FailoverOrder) => void;
		logger: Logger;
	};
	/** Orders by id. The result is null while it is worked on. */
	private readonly known = new Map<string, { at: number; result: OrderResult | null }>();

	constructor(options: FailoverOrders["options"]) {
		this.options = options;
	}

	/** Begins an order. One that is told again isn't begun again; if it has ended, its result is told again. */
	take(order: FailoverOrder): void {
		const now = performance.now();
		for (const [id, { at }] of this.known) if (now - at > REMEMBER_MS) this.known.delete(id);
		const known = this.known.get(order.id);
		if (known !== undefined) {
			if (known.result !== null) this.options.onResult(known.result, order);
			return;
		}
		const entry: { at: number; result: OrderResult | null } = { at: now, result: null };
		this.known.set(order.id, entry);
		void this.carryOut(order).then((result) => {
			entry.result = result;
			this.options.onResult(result, order);
			const { outcome, message } = result;
			const tookMs = Math.round(performance.now() - now);
			const { cacheName, kind } = order;
			this.options.logger.info(
				{ cacheName, kind, outcome, message, tookMs },
				"failover order ended",
			);
		});
	}

	private async carryOut(order: FailoverOrder): Promise<OrderResult> {
		const { assignmentOf, sentinelPassword } = this.options;
		const [first] = order.candidates;
		const assignment = first === undefined ? null : assignmentOf(first.nodeId);
		if (assignment === null) {
			const message = `this host doesn't run ${first?.name}, so it can't carry the order out`;
			return notDone(order, "refused", message).result;
		}
		const { auth } = assignment;
		const password = sentinelPassword();
		const sentinels =
			password === null || order.clusterMode === "enabled"
				? null
				: new FellowSentinels({ ...order, password });
		const result = await carryOutOrder(order, { auth, sentinels });
		const leader = order.candidates.find(({ nodeId }) => nodeId === result.leaderNodeId);
		// From here, so that they know it even if the control plane dies now.
		const told = leader === undefined ? Promise.resolve() : sentinels?.tell(leader);
		void told?.finally(() => sentinels?.close());
		return result;
	}
}
