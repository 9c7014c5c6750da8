import type { Logger } from "../../platform/logger.ts";
import type { HostFacts } from "../../server/contract/agent.ts";
import type { HostWarning } from "../../server/contract/host.ts";
import type {
	GatewayObservation,
	ReportedObservation,
	SentinelObservation,
	SetAside,
} from "../../server/contract/host-report.ts";
import { AGENT_TIMING } from "../../server/contract/limits.ts";
import { newsKey } from "../instances/instance-view.ts";
import { WakeSignal } from "../instances/wake-signal.ts";
import { Backoff, pause } from "./backoff.ts";
import type { ControlClient } from "./control-client.ts";
import { type Outbox, withAges } from "./outbox.ts";
import { ReportedPart } from "./reported-part.ts";

/** The state of this host at one moment. Null for what isn't known yet. */
export interface HostSnapshot {
	readonly epoch: number;
	readonly revision: number;
	readonly facts: HostFacts;
	readonly observations: ReportedObservation[] | null;
	readonly setAside: SetAside[];
	readonly gateway: GatewayObservation | null;
	readonly sentinel: SentinelObservation | null;
	readonly warnings: HostWarning[] | null;
}

/**
 * Reports what this host sees to the control plane: news at once, everything else with the heartbeat. One
 * report is in progress at a time; later changes go with the next. After a failure everything is sent again,
 * because the control plane may have forgotten what it doesn't write to its database.
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
	private readonly parts = {
		facts: new ReportedPart<HostFacts>(),
		gateway: new ReportedPart<GatewayObservation>(),
		sentinel: new ReportedPart<SentinelObservation>(),
		warnings: new ReportedPart<HostWarning[]>(),
	};
	/** Set by the control plane, depending on its number of hosts. */
	private heartbeatMs: number = AGENT_TIMING.heartbeatMs;

	constructor(options: Reporter["options"]) {
		this.options = options;
	}

	/** Call when something may have changed. Cheap: `run` decides whether it is news. */
	notify(): void {
		this.wakeSignal.notify();
	}

	/** The control plane was replaced or has forgotten: report everything again. */
	forget(): void {
		this.acknowledgedNews = null;
		this.acknowledgedDetail = null;
		for (const part of Object.values(this.parts)) part.forget();
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
				this.options.logger.debug({ err: error }, "report failed; sending it again");
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
			this.parts.facts.isNews(snapshot.facts) ||
			this.parts.gateway.isNews(snapshot.gateway) ||
			this.parts.sentinel.isNews(snapshot.sentinel) ||
			this.parts.warnings.isNews(snapshot.warnings)
		);
	}

	private async send(snapshot: HostSnapshot): Promise<void> {
		const { epoch, revision, observations, setAside } = snapshot;
		const batch = this.options.outbox.batch();
		const detail = JSON.stringify({ epoch, revision, observations });
		const facts = this.parts.facts.offer(snapshot.facts);
		const gateway = this.parts.gateway.offer(snapshot.gateway);
		const sentinel = this.parts.sentinel.offer(snapshot.sentinel);
		const warnings = this.parts.warnings.offer(snapshot.warnings);
		this.heartbeatMs = await this.options.client.report(
			{
				epoch,
				revision,
				facts: facts.value,
				observations: detail === this.acknowledgedDetail ? null : observations,
				setAside,
				gateway: gateway.value,
				sentinel: sentinel.value,
				warnings: warnings.value,
				...withAges(batch),
				clock: new Date().toISOString(),
			},
			this.abort.signal,
		);
		this.options.outbox.acknowledge(batch);
		this.acknowledgedNews = newsOf(snapshot);
		this.acknowledgedDetail = detail;
		for (const part of [facts, gateway, sentinel, warnings]) part.acknowledge();
	}
}

/**
 * A new revision alone isn't news: it goes with the instances' reaction to it, or with the next heartbeat.
 */
function newsOf({ epoch, observations, setAside }: HostSnapshot): string {
	const aside = setAside.map(({ assignmentId }) => assignmentId).join(" ");
	return `${epoch} ${observations?.map(newsKey).join("\n") ?? "unknown"} ${aside}`;
}
