import type { ReportedObservation } from "../../server/contract/host-report.ts";
import { INITIAL_VIEW, type InstanceView, newsKey } from "./instance-view.ts";

const BRIEF_START_MS = 200;

/** What is known about an instance, and whether the control plane has heard of it. */
export class InstanceDisplay {
	private readonly observation: () => ReportedObservation | null;
	private readonly onNews: () => void;
	private current: InstanceView = INITIAL_VIEW;
	/** The last state that was announced, without the parts that aren't news. */
	private announced = "";
	private startedAt: number | null = null;

	constructor(options: { observation: () => ReportedObservation | null; onNews: () => void }) {
		this.observation = options.observation;
		this.onNews = options.onNews;
	}

	get view(): InstanceView {
		return this.current;
	}

	show(change: Partial<InstanceView>): void {
		const wasStarting = this.current.phase === "starting";
		this.current = { ...this.current, ...change };
		if (this.current.phase !== "starting") this.startedAt = null;
		else if (!wasStarting) this.startedAt = performance.now();
		const observation = this.observation();
		const news = observation === null ? "" : newsKey(observation);
		if (news === this.announced || this.isBrieflyStarting()) return;
		this.announced = news;
		this.onNews();
	}

	/**
	 * Most engines answer before a report of their start would arrive, and that report would hold up the one
	 * that counts.
	 */
	private isBrieflyStarting(): boolean {
		if (this.startedAt === null || this.current.reason !== null) return false;
		return performance.now() - this.startedAt < BRIEF_START_MS;
	}
}
