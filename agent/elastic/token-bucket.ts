/** How much of a second's allowance a calm cache may save up. */
const SAVED_SECONDS = 1;
/** Debt beyond this is forgiven: otherwise one burst would slow a cache down for minutes. */
const DEBT_SECONDS = 2;

/**
 * What clients may still use, in ECPUs: it fills with `perSecond` and empties with use. Below 0 it is a debt, which
 * clients pay by waiting. Times are `performance.now()`.
 */
export class TokenBucket {
	private level = 0;
	private filledAt: number | null = null;
	private rate: number;

	constructor(perSecond: number) {
		this.rate = perSecond;
	}

	get perSecond(): number {
		return this.rate;
	}

	/** Another limit: what was saved or owed by the former one is scaled. */
	change(perSecond: number): void {
		this.level *= perSecond / this.rate;
		this.rate = perSecond;
	}

	/** What is saved up, in seconds of the limit; below 0 for a debt. */
	get savedSeconds(): number {
		return this.level / this.rate;
	}

	/** What was used since the last call. Returns the level. */
	take(now: number, used: number): number {
		const seconds = this.filledAt === null ? 0 : (now - this.filledAt) / 1_000;
		this.filledAt = now;
		const filled = Math.min(this.level + seconds * this.rate, SAVED_SECONDS * this.rate);
		this.level = Math.max(filled - used, -DEBT_SECONDS * this.rate);
		return this.level;
	}

	/** How long clients must wait, using nothing, until the level is back at 0 after they have used `more`. */
	waitMs(more = 0): number {
		return Math.max(0, ((more - this.level) * 1_000) / this.rate);
	}

	/** How long clients that use this much a second can go on; Infinity if that is within the limit. */
	lastsMs(usePerSecond: number): number {
		const excess = usePerSecond - this.rate;
		return excess <= 0 ? Number.POSITIVE_INFINITY : Math.max(0, (this.level * 1_000) / excess);
	}
}
