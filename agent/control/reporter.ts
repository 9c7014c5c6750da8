import type { Logger } from "../../platform/logger.ts";
import type {
	GatewayObservation,
	HostFacts,
	Observation,
	SentinelObservation,
	SetAside,
} from "../../server/contract/agent.ts";
import { AGENT_TIMING } from "../../server/contract/limits.ts";
import { newsKey } from "../instances/instance-view.ts";
import { WakeSignal } from "../instances/wake-signal.ts";
import { Backoff, pause } from "./backoff.ts";
import type { ControlClient } from "./control-client.ts";
import type { Outbox } from "./outbox.ts";

/** What is true of this host at one moment. What isn't known yet is null. */
export interface HostSnapshot {
	readonly epoch: number;
	readonly revision: number;
	readonly facts: HostFacts;
	readonly observations: Observation[] | null;
	readonly setAside: SetAside[];
	readonly gateway: GatewayObservation | null;
	readonly sentinel: SentinelObservation | null;
}

/**
 * Tells the control plane what this host sees: news at once, everything else with the heartbeat. One report is under
 * way at a time; what happens meanwhile goes with the next. After a failure all is told again, since the control
 * plane may have forgotten what it doesn't write to its database.
 */
export class Reporter {
	private readonly options: {
		client: ControlClient;
		outbox: Outbox;
		snapshot: () => HostSnapshot;
		logger: Logger;
	};
	private readonly wakeSignal = new WakeSignal();
	private readonly abort = new AbortController();
	private acknowledgedNews: string | null = null;
	private acknowledgedDetail: string | null = null;
	private acknowledgedFacts: string | null = null;
	private acknowledgedGateway: string | null = null;
	private acknowledgedSentinel: string | null = null;
	/** As the control plane wants it, which depends on how many hosts it has. */
	private heartbeatMs: number = AGENT_TIMING.heartbeatMs;

	constructor(options: Reporter["options"]) {
		this.options = options;
	}

	/** Something may have changed. Cheap: whether it is news is found out when the report is made. */
	notify(): void {
		this.wakeSignal.notify();
	}

	/** The control plane is another one, or has forgotten: everything is told again. */
	forget(): void {
		this.acknowledgedNews = null;
		this.acknowledgedDetail = null;
		this.acknowledgedFacts = null;
		this.acknowledgedGateway = null;
		this.acknowledgedSentinel = null;
		this.notify();
	}

	stop(): void {
		this.abort.abort();
		this.notify();
	}

	async run(): Promise<void> {
		const backoff = new Backoff();
		let lastSentAt = Number.NEGATIVE_INFINITY;
		while (!this.abort.signal.aborted) {
			const dueInMs = lastSentAt + this.heartbeatMs - performance.now();
			const snapshot = this.options.snapshot();
			if (dueInMs > 0 && !this.isNews(snapshot)) {
				await this.wakeSignal.wait(dueInMs);
				continue;
			}
			try {
				lastSentAt = performance.now();
				await this.send(snapshot);
				backoff.reset();
			} catch (error) {
				if (this.abort.signal.aborted) return;
				this.options.logger.debug({ err: error }, "report failed; it is sent again");
				this.forget();
				lastSentAt = Number.NEGATIVE_INFINITY;
				await pause(backoff.next(), this.abort.signal);
			}
		}
	}

	private isNews(snapshot: HostSnapshot): boolean {
		return (
			this.options.outbox.hasNews ||
			(snapshot.observations !== null && newsOf(snapshot) !== this.acknowledgedNews) ||
			(snapshot.gateway !== null &&
				JSON.stringify(snapshot.gateway) !== this.acknowledgedGateway) ||
			(snapshot.sentinel !== null &&
				JSON.stringify(snapshot.sentinel) !== this.acknowledgedSentinel) ||
			JSON.stringify(snapshot.facts) !== this.acknowledgedFacts
		);
	}

	private async send(snapshot: HostSnapshot): Promise<void> {
		const { epoch, revision, facts, observations, setAside, gateway, sentinel } = snapshot;
		const batch = this.options.outbox.batch();
		const detail = JSON.stringify({ epoch, revision, observations });
		const factsText = JSON.stringify(facts);
		const gatewayText = JSON.stringify(gateway);
		const sentinelText = JSON.stringify(sentinel);
		this.heartbeatMs = await this.options.client.report(
			{
				epoch,
				revision,
				facts: factsText === this.acknowledgedFacts ? null : facts,
				observations: detail === this.acknowledgedDetail ? null : observations,
				setAside,
				gateway: gatewayText === this.acknowledgedGateway ? null : gateway,
				sentinel: sentinelText === this.acknowledgedSentinel ? null : sentinel,
				...batch,
			},
			this.abort.signal,
		);
		this.options.outbox.acknowledge(batch);
		this.acknowledgedNews = newsOf(snapshot);
		this.acknowledgedDetail = detail;
		this.acknowledgedFacts = factsText;
		if (gateway !== null) this.acknowledgedGateway = gatewayText;
		if (sentinel !== null) this.acknowledgedSentinel = sentinelText;
	}
}

/** The revision alone is none: it goes along with what the instances make of it, or with the next heartbeat. */
function newsOf({ epoch, observations, setAside }: HostSnapshot): string {
	const aside = setAside.map(({ assignmentId }) => assignmentId).join(" ");
	return `${epoch} ${observations?.map(newsKey).join("\n") ?? "unknown"} ${aside}`;
}
