import type { PendingUsage } from "../control/outbox.ts";
import type { EngineCounters } from "../drivers/driver.ts";

/** What an engine has counted, and which process it is. */
export interface MeteredReading {
	/** Identifies the process for good: its number may be used again. */
	readonly process: string;
	readonly counters: EngineCounters;
}

/** What of a reading is metered. */
export interface MeteredCounters extends Pick<MeteredReading, "process"> {
	readonly counters: Pick<EngineCounters, "usage" | "storedBytes">;
}

interface Held {
	newest: PendingUsage;
	/** Of the readings that haven't been reported yet. */
	stored: { sum: number; readings: number };
	/** The minute in which the last report was made. */
	minute: number;
	isReported: boolean;
}

const MINUTE_MS = 60_000;

/**
 * Reports what engines have counted: the first reading of every minute, and the last one of a process that has ended.
 * Counters are cumulative, so a reading that is lost with its agent is part of the next one.
 */
export class UsageMeter {
	private readonly held = new Map<string, Held>();
	private readonly onReading: (reading: PendingUsage) => void;
	private readonly wallClock: () => number;

	constructor(onReading: (reading: PendingUsage) => void, wallClock: () => number = Date.now) {
		this.onReading = onReading;
		this.wallClock = wallClock;
	}

	take(assignmentId: string, { process, counters }: MeteredCounters, at: number): void {
		const before = this.held.get(assignmentId);
		const isSame = before?.newest.process === process;
		if (before !== undefined && !isSame) this.report(before);
		// Clocks of hosts agree about when a minute begins, as they do about rounds of metrics.
		const minute = Math.floor(this.wallClock() / MINUTE_MS);
		const stored = isSame ? before.stored : { sum: 0, readings: 0 };
		stored.sum += counters.storedBytes;
		stored.readings += 1;
		const held: Held = {
			newest: { assignmentId, at, process, storedBytes: 0, counters: counters.usage },
			stored,
			minute: isSame ? before.minute : minute,
			isReported: false,
		};
		this.held.set(assignmentId, held);
		if (held.minute === minute) return;
		held.minute = minute;
		this.report(held);
	}

	/** The engine is about to end, or doesn't answer and may have ended. */
	flush(assignmentId: string): void {
		const held = this.held.get(assignmentId);
		if (held !== undefined) this.report(held);
	}

	/** Forgets all instances but these. */
	keepOnly(present: ReadonlySet<string>): void {
		for (const [id, held] of this.held) {
			if (present.has(id)) continue;
			this.report(held);
			this.held.delete(id);
		}
	}

	private report(held: Held): void {
		if (held.isReported) return;
		held.isReported = true;
		const storedBytes = Math.round(held.stored.sum / Math.max(1, held.stored.readings));
		held.stored = { sum: 0, readings: 0 };
		this.onReading({ ...held.newest, storedBytes });
	}
}
