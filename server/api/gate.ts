import { AppError } from "../contract/errors.ts";

/**
 * Limits how much work runs at the same time; the rest waits in order, and is refused once too many wait. Calls
 * from people and scripts pass through a gate, and agents that have called before bypass it: however much is
 * requested, a heartbeat waits for a few statements at most.
 */
export class Gate {
	readonly #places: number;
	readonly #waitingMax: number;
	readonly #waiting: (() => void)[] = [];
	#taken = 0;

	constructor(options: { places: number; waitingMax: number }) {
		this.#places = options.places;
		this.#waitingMax = options.waitingMax;
	}

	/**
	 * Throws `rate_limited` if the queue is full. Work that waits for other work of the same gate would
	 * deadlock.
	 */
	async pass<T>(work: () => Promise<T>): Promise<T> {
		await this.#enter();
		try {
			return await work();
		} finally {
			this.#leave();
		}
	}

	async #enter(): Promise<void> {
		if (this.#taken < this.#places) {
			this.#taken += 1;
			return;
		}
		if (this.#waiting.length >= this.#waitingMax) {
			throw new AppError(
				"rate_limited",
				"The control plane has more requests than it can handle. Try again in a few seconds.",
			);
		}
		// A finished call passes its place on.
		await new Promise<void>((resolve) => this.#waiting.push(resolve));
	}

	#leave(): void {
		const next = this.#waiting.shift();
		if (next === undefined) this.#taken -= 1;
		else next();
	}
}
