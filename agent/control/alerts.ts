import type { Logger } from "../../platform/logger.ts";
import type { Observation, OrderResult } from "../../server/contract/agent.ts";
import type { ControlClient } from "./control-client.ts";

/**
 * Tells the control plane at once of processes that have ended and of failover orders that have been carried out,
 * whatever report is under way: clients wait for what it does next. Nothing is repeated, since the next report says the
 * same and is.
 */
export class Alerts {
	private readonly options: {
		client: ControlClient;
		observations: () => Observation[] | null;
		logger: Logger;
	};
	private readonly abort = new AbortController();
	/** Instances that were told of as ended, and haven't run since. */
	private readonly ended = new Set<string>();

	constructor(options: Alerts["options"]) {
		this.options = options;
	}

	/** Something has changed about the instances. */
	look(): void {
		const observations = this.options.observations() ?? [];
		const over = observations.filter(({ phase }) => phase === "exited");
		const news = over.filter(({ assignmentId }) => !this.ended.has(assignmentId));
		this.ended.clear();
		for (const { assignmentId } of over) this.ended.add(assignmentId);
		if (news.length > 0) this.send(news, []);
	}

	orderEnded(result: OrderResult): void {
		this.send([], [result]);
	}

	stop(): void {
		this.abort.abort();
	}

	private send(ended: Observation[], orders: OrderResult[]): void {
		const { client, logger } = this.options;
		client.alert({ ended, orders }, this.abort.signal).catch((error: unknown) => {
			logger.debug({ err: error }, "an alert wasn't taken; the next report says the same");
		});
	}
}
