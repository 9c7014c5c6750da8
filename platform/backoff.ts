/** Waiting times between attempts: they double from the first to the longest. */
export class Backoff {
	private readonly firstMs: number;
	private readonly mostMs: number;
	private failures = 0;

	constructor(firstMs: number, mostMs: number) {
		this.firstMs = firstMs;
		this.mostMs = mostMs;
	}

	reset(): void {
		this.failures = 0;
	}

	/**
	 * The next waiting time, between half and all of a doubling base, so that many agents don't retry in step.
	 */
	next(random: () => number = Math.random): number {
		const base = Math.min(this.mostMs, this.firstMs * 2 ** this.failures);
		if (base < this.mostMs) this.failures++;
		return base * (0.5 + random() / 2);
	}
}

/** Waits, or returns early when the signal aborts. */
export function pause(forMs: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		if (signal.aborted) return resolve();
		const finish = () => {
			clearTimeout(timer);
			signal.removeEventListener("abort", finish);
			resolve();
		};
		const timer = setTimeout(finish, forMs);
		signal.addEventListener("abort", finish);
	});
}
