/** A rush is over once nothing pressing has waited for this long: pressing work comes in waves. */
const CALM_MS = 250;

/**
 * Whether so much pressing work waits that other work should give way to it. Whoever gives way says for how long at most, so
 * that nothing waits forever.
 */
export class Rush {
	#calming: NodeJS.Timeout | undefined;
	#isOn = false;
	#waiters = new Set<() => void>();

	get isOn(): boolean {
		return this.#isOn;
	}

	/** Call while pressing work waits, again and again. */
	note(): void {
		this.#isOn = true;
		clearTimeout(this.#calming);
		this.#calming = setTimeout(() => this.#end(), CALM_MS).unref();
	}

	#end(): void {
		this.#isOn = false;
		const waiters = this.#waiters;
		this.#waiters = new Set();
		for (const resume of waiters) resume();
	}

	/** Returns once there is no rush, or after this long. */
	async over(atMostMs: number): Promise<void> {
		if (!this.#isOn) return;
		await new Promise<void>((resolve) => {
			const resume = () => {
				clearTimeout(timer);
				this.#waiters.delete(resume);
				resolve();
			};
			const timer = setTimeout(resume, atMostMs);
			this.#waiters.add(resume);
		});
	}
}
