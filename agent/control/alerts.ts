import type { Logger } from "../../platform/logger.ts";
import type { AlertMessage, Growth } from "../../server/contract/host-alert.ts";
import type { OrderResult, ReportedObservation } from "../../server/contract/host-report.ts";
import type { ControlClient } from "./control-client.ts";

/**
 * Tells the control plane at once about processes that ended, failover orders that finished, and engines that need more
 * memory, even while a report is in progress: clients wait for the control plane's next step. An alert isn't resent:
 * the next report says the same and is resent, and an engine that still needs memory causes another one.
 */
export class Alerts {
	private readonly options: {
		client: ControlClient;
		observations: () => ReportedObservation[] | null;
		logger: Logger;
	};
	private readonly abort = new AbortController();
	/** Instances reported as ended that haven't run since. */
	private readonly ended = new Set<string>();

	constructor(options: Alerts["options"]) {
		this.options = options;
	}

	/** Call when something about the instances has changed. */
	look(): void {
		const observations = this.options.observations() ?? [];
		const over = observations.filter(({ phase }) => phase === "exited");
		const news = over.filter(({ assignmentId }) => !this.ended.has(assignmentId));
		this.ended.clear();
		for (const { assignmentId } of over) this.ended.add(assignmentId);
		if (news.length > 0) this.send({ ended: news });
	}

	orderEnded(result: OrderResult): void {
		this.send({ orders: [result] });
	}

	grows(growth: Growth): void {
		this.send({ growing: [growth] });
	}

	/** Clients wait for a cache that may sleep. */
	wakes(cacheId: string): void {
		this.send({ waking: [cacheId] });
	}

	stop(): void {
		this.abort.abort();
	}

	private send(news: Partial<Omit<AlertMessage, "protocol">>): void {
		const { client, logger } = this.options;
		client.alert({ ended: [], orders: [], ...news }, this.abort.signal).catch((error: unknown) => {
			logger.debug({ err: error }, "an alert wasn't accepted; the next report repeats it");
		});
	}
}
