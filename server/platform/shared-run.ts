import { setTimeout as delay } from "node:timers/promises";

/**
 * Runs one piece of work at a time. Calls made while it runs share one further run, because the current one may
 * have missed what they are about. With an interval, a run begins that long after the one before or later, so that more
 * calls share it.
 */
export class SharedRun {
	readonly #work: () => Promise<void>;
	readonly #intervalMs: number;
	#begunAt = Number.NEGATIVE_INFINITY;
	#last: Promise<void> = Promise.resolve();
	#next: Promise<void> | null = null;

	constructor(work: () => Promise<void>, { intervalMs = 0 } = {}) {
		this.#work = work;
		this.#intervalMs = intervalMs;
	}

	/** Returns once a run that began after this call has ended. */
	run(): Promise<void> {
		this.#next ??= this.#last.then(() => this.#start());
		return this.#next;
	}

	async #start(): Promise<void> {
		const earlyMs = this.#begunAt + this.#intervalMs - performance.now();
		// A timer takes whole milliseconds, and cuts off a fraction.
		if (earlyMs > 0) await delay(Math.ceil(earlyMs));
		this.#next = null;
		this.#begunAt = performance.now();
		const run = this.#work();
		// Its callers get an error; the next run has nothing to do with it.
		this.#last = run.catch(() => undefined);
		return run;
	}
}
