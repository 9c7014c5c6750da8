/**
 * Runs one piece of work at a time. Calls made while it runs share one further run, because the current one may
 * have missed what they are about.
 */
export class SharedRun {
	readonly #work: () => Promise<void>;
	#last: Promise<void> = Promise.resolve();
	#next: Promise<void> | null = null;

	constructor(work: () => Promise<void>) {
		this.#work = work;
	}

	/** Returns once a run that began after this call has ended. */
	run(): Promise<void> {
		this.#next ??= this.#last.then(() => this.#start());
		return this.#next;
	}

	#start(): Promise<void> {
		this.#next = null;
		const run = this.#work();
		// Its callers get an error; the next run has nothing to do with it.
		this.#last = run.catch(() => undefined);
		return run;
	}
}
