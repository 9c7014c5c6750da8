import { type Backoff, pause } from "../../platform/backoff.ts";
import type { Logger } from "../../platform/logger.ts";
import type { HostFacts } from "../../server/contract/agent.ts";
import type { HostWarning } from "../../server/contract/host.ts";
import type {
	AcceleratorReport,
	EcpuShare,
	GatewayObservation,
	ReportedObservation,
	SentinelObservation,
	SetAside,
} from "../../server/contract/host-report.ts";
import { AGENT_TIMING } from "../../server/contract/limits.ts";
import { newsKey } from "../instances/instance-view.ts";
import { WakeSignal } from "../instances/wake-signal.ts";
import { callBackoff } from "./call-backoff.ts";
import { type ControlClient, isBusy } from "./control-client.ts";
import { type Outbox, withAges } from "./outbox.ts";
import { ReportedPart } from "./reported-part.ts";

/** Of the heartbeat interval: an answer within it comes from a control plane that has time. */
const QUICK_SHARE = 0.25;

/** The state of this host at one moment. Null for what isn't known yet. */
export interface HostSnapshot {
	readonly epoch: number;
	readonly revision: number;
	readonly facts: HostFacts;
	readonly observations: ReportedObservation[] | null;
	readonly setAside: SetAside[];
	readonly gateway: GatewayObservation | null;
	readonly sentinel: SentinelObservation | null;
	readonly accelerators: AcceleratorReport | null;
	readonly warnings: HostWarning[] | null;
}

/**
 * Reports what this host sees to the control plane: news at once, everything else with the heartbeat. One
 * report is in progress at a time; later changes go with the next. After a failure the same is sent again, later and
 * without samples, because a control plane that can't keep up would get more and more. Everything is sent again when
 * the control plane may have forgotten what it doesn't write to its database (`forget`).
 */
export class Reporter {
	private readonly options: {
		client: Pick<ControlClient, "report">;
		outbox: Outbox;
		snapshot: () => HostSnapshot;
		/** What nodes' clients may use of their caches' ECPU maxima. */
		onShares: (shares: readonly EcpuShare[]) => void;
		logger: Logger;
	};
	private readonly wakeSignal = new WakeSignal();
	private readonly abort = new AbortController();
	private acknowledgedNews: string | null = null;
	private acknowledgedDetail: string | null = null;
	/** How often everything had to be reported again: an answer to a report from before acknowledges no state. */
	private forgotten = 0;
	private readonly parts = {
		facts: new ReportedPart<HostFacts>(),
		gateway: new ReportedPart<GatewayObservation>(),
		sentinel: new ReportedPart<SentinelObservation>(),
		accelerators: new ReportedPart<AcceleratorReport>(),
		warnings: new ReportedPart<HostWarning[]>(),
	};
	/** Set by the control plane, depending on its number of hosts. */
	private heartbeatMs: number = AGENT_TIMING.heartbeatMs;
	/** No report is sent before, by `performance.now()`. */
	private earliestAt = Number.NEGATIVE_INFINITY;

	constructor(options: Reporter["options"]) {
		this.options = options;
	}

	/** Call when something may have changed. Cheap: `run` decides whether it is news. */
	notify(): void {
		this.wakeSignal.notify();
	}

	/**
	 * The control plane was replaced or has forgotten: report everything again. In a fleet so large that its hosts send
	 * heartbeats less often, not all of them at the same moment.
	 */
	forget(): void {
		this.forgotten++;
		this.doubtObservations();
		for (const part of Object.values(this.parts)) part.forget();
		this.waitFor(Math.random() * (this.heartbeatMs - AGENT_TIMING.heartbeatMs));
		this.notify();
	}

	private doubtObservations(): void {
		this.acknowledgedNews = null;
		this.acknowledgedDetail = null;
	}

	private paceOf(sentAt: number): "quick" | "usual" | "slow" {
		const tookMs = performance.now() - sentAt;
		if (tookMs < QUICK_SHARE * this.heartbeatMs) return "quick";
		return tookMs < this.heartbeatMs ? "usual" : "slow";
	}

	private waitFor(ms: number): void {
		this.earliestAt = Math.max(this.earliestAt, performance.now() + ms);
	}

	stop(): void {
		this.abort.abort();
		this.notify();
	}

	async run(): Promise<void> {
		const backoff = callBackoff();
		let lastSentAt = Number.NEGATIVE_INFINITY;
		while (!this.abort.signal.aborted) {
			const now = performance.now();
			const earlyMs = this.earliestAt - now;
			if (earlyMs > 0) {
				await pause(earlyMs, this.abort.signal);
				continue;
			}
			const dueInMs = lastSentAt + this.heartbeatMs - now;
			const snapshot = this.options.snapshot();
			if (dueInMs > 0 && !this.isNews(snapshot)) {
				await this.wakeSignal.wait(dueInMs);
				continue;
			}
			try {
				lastSentAt = now;
				await this.send(snapshot);
				backoff.reset();
			} catch (error) {
				if (this.abort.signal.aborted) return;
				this.options.logger.debug({ err: error }, "report failed; sending it again");
				lastSentAt = Number.NEGATIVE_INFINITY;
				this.waitFor(this.retryMs(error, backoff));
			}
		}
	}

	/** A control plane that is away should be found soon after it returns; a busy one must not hear more than before. */
	private retryMs(error: unknown, backoff: Backoff): number {
		const ms = backoff.next();
		return isBusy(error) ? Math.max(ms, this.heartbeatMs * (1 + Math.random() / 2)) : ms;
	}

	private isNews(snapshot: HostSnapshot): boolean {
		return (
			this.options.outbox.hasNews ||
			(snapshot.observations !== null && newsOf(snapshot) !== this.acknowledgedNews) ||
			this.parts.facts.isNews(snapshot.facts) ||
			this.parts.gateway.isNews(snapshot.gateway) ||
			this.parts.sentinel.isNews(snapshot.sentinel) ||
			this.parts.accelerators.isNews(snapshot.accelerators) ||
			this.parts.warnings.isNews(snapshot.warnings)
		);
	}

	private async send(snapshot: HostSnapshot): Promise<void> {
		const { epoch, revision, observations, setAside } = snapshot;
		const { outbox } = this.options;
		const batch = outbox.batch();
		const detail = JSON.stringify({ epoch, revision, observations });
		const facts = this.parts.facts.offer(snapshot.facts);
		const gateway = this.parts.gateway.offer(snapshot.gateway);
		const sentinel = this.parts.sentinel.offer(snapshot.sentinel);
		const accelerators = this.parts.accelerators.offer(snapshot.accelerators);
		const warnings = this.parts.warnings.offer(snapshot.warnings);
		const parts = [facts, gateway, sentinel, accelerators, warnings];
		const { forgotten } = this;
		const isUnchanged = detail === this.acknowledgedDetail;
		const report = {
			...{ epoch, revision, setAside, observations: isUnchanged ? null : observations },
			...{ facts: facts.value, gateway: gateway.value, sentinel: sentinel.value },
			// A control plane of the version before knows no accelerators, and assigns none.
			...(accelerators.value !== null && { accelerators: accelerators.value }),
			...{ warnings: warnings.value, ...withAges(batch), clock: new Date().toISOString() },
		};
		try {
			const sentAt = performance.now();
			const answer = await this.options.client.report(report, this.abort.signal);
			this.heartbeatMs = answer.heartbeatMs;
			this.options.onShares(answer.ecpuShares);
			outbox.acknowledge(batch);
			if (answer.readingsStored) outbox.acknowledgeReadings(batch, this.paceOf(sentAt));
			else outbox.holdSamples();
			if (forgotten !== this.forgotten) return;
			this.acknowledgedNews = newsOf(snapshot);
			this.acknowledgedDetail = detail;
			for (const part of parts) part.acknowledge();
		} catch (error) {
			// The control plane may have stored it or not: neither this state nor the one before is known to be there.
			for (const part of parts) part.doubt();
			if (!isUnchanged) this.doubtObservations();
			outbox.holdSamples();
			throw error;
		}
	}
}

/**
 * A new revision alone isn't news: it goes with the instances' reaction to it, or with the next heartbeat.
 */
function newsOf({ epoch, observations, setAside }: HostSnapshot): string {
	const aside = setAside.map(({ assignmentId }) => assignmentId).join(" ");
	return `${epoch} ${observations?.map(newsKey).join("\n") ?? "unknown"} ${aside}`;
}
