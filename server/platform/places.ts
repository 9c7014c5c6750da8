/**
 * Lets a number of pieces of work run at a time. Of those that wait, the newest goes first: whoever has waited longest
 * is about to give up, and what is done for it may be in vain. While there is room, the order makes no difference.
 */
export class Places {
	readonly #count: number;
	readonly #waiting: (() => void)[] = [];
	#taken = 0;

	constructor(count: number) {
		this.#count = count;
	}

	async run<T>(work: () => Promise<T>): Promise<T> {
		if (this.#taken < this.#count) this.#taken += 1;
		// Whoever leaves passes the place on.
		else await new Promise<void>((enter) => this.#waiting.push(enter));
		try {
			return await work();
		} finally {
			const next = this.#waiting.pop();
			if (next === undefined) this.#taken -= 1;
			else next();
		}
	}
}
