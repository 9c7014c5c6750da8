const STEADY_POLL_MS = 500;
const QUICK_POLL_MS = 3;
/** After a change that nothing waits for, the next look comes in a tenth of this. */
const SETTLING_MS = 500;

/**
 * How often an engine is checked: every few milliseconds while something happens, twice a second when all is
 * calm.
 */
export class PollPace {
	private calmSince = performance.now();

	/** Something happened. */
	disturb(): void {
		this.calmSince = performance.now();
	}

	/** Something happened that goes on by itself, such as slots that move one after the other. */
	note(): void {
		this.calmSince = Math.max(this.calmSince, performance.now() - SETTLING_MS);
	}

	/**
	 * A tenth of the time since the last change, or a fortieth while an engine copies or loads its data:
	 * whoever waits for it to finish loses no more than that share of time.
	 */
	delayMs(isCopying = false): number {
		const calmMs = performance.now() - this.calmSince;
		return Math.min(STEADY_POLL_MS, Math.max(QUICK_POLL_MS, calmMs / (isCopying ? 40 : 10)));
	}
}
