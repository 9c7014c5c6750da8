import type { Logger } from "../../platform/logger.ts";
import type { Assignment, FailoverOrder } from "../../server/contract/desired-state.ts";
import type { OrderResult } from "../../server/contract/host-report.ts";
import { FellowSentinels } from "../sentinel/fellow-sentinels.ts";
import { carryOutOrder } from "./carry-out-order.ts";
import { notDone } from "./order-context.ts";

const REMEMBER_MS = 10 * 60_000;

interface KnownOrder {
	readonly at: number;
	/** Null while the order is in progress. */
	result: OrderResult | null;
	endpointsFollow: () => void;
}

/** Carries out each failover order that this agent was given, once, and reports its result. */
export class OrderExecutor {
	private readonly options: {
		/** The assignment of a node of this host; null if this host has no such node. */
		assignmentOf: (nodeId: string) => Assignment | null;
		sentinelPassword: () => string | null;
		onResult: (result: OrderResult, order: FailoverOrder) => void;
		logger: Logger;
	};
	/** Orders by id. */
	private readonly known = new Map<string, KnownOrder>();

	constructor(options: OrderExecutor["options"]) {
		this.options = options;
	}

	/**
	 * Starts an order. An order that arrives again isn't started again; if it has ended, its result is reported
	 * again.
	 */
	take(order: FailoverOrder): void {
		const now = performance.now();
		for (const [id, { at }] of this.known) if (now - at > REMEMBER_MS) this.known.delete(id);
		const known = this.known.get(order.id);
		if (known !== undefined) {
			if (known.result !== null) this.options.onResult(known.result, order);
			return;
		}
		const entry: KnownOrder = { at: now, result: null, endpointsFollow: () => {} };
		this.known.set(order.id, entry);
		const endpointsFollow = new Promise<void>((resolve) => {
			entry.endpointsFollow = resolve;
		});
		void this.carryOut(order, endpointsFollow).then((result) => {
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

	/** The control plane says that every gateway in touch leads to the node that the order promoted. */
	endpointsFollow(orderId: string): void {
		this.known.get(orderId)?.endpointsFollow();
	}

	private async carryOut(
		order: FailoverOrder,
		endpointsFollow: Promise<void>,
	): Promise<OrderResult> {
		const { assignmentOf, sentinelPassword } = this.options;
		const [first] = order.candidates;
		const assignment = first === undefined ? null : assignmentOf(first.nodeId);
		if (assignment === null) {
			const message = `this host doesn't run ${first?.name}, so it can't carry out the order`;
			return notDone(order, "refused", message).result;
		}
		const { auth } = assignment;
		const password = sentinelPassword();
		const sentinels =
			password === null || order.clusterMode === "enabled"
				? null
				: new FellowSentinels({ ...order, password });
		const result = await carryOutOrder(order, { auth, sentinels, endpointsFollow });
		const leader = [...order.candidates, ...order.others].find(
			({ nodeId }) => nodeId === result.leaderNodeId,
		);
		// Sent from here, so that Sentinels know it even if the control plane dies now.
		const telling = leader === undefined ? Promise.resolve() : sentinels?.tell(leader);
		void telling?.finally(() => sentinels?.close());
		return result;
	}
}
