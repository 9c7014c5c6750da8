/** How many times the timeout is divided: an operation expires up to one part late. */
const PARTS = 5;

export interface Deadline {
	/** When it was added, in ticks. */
	readonly tick: number;
	readonly expire: (reason: string) => void;
	/** Set when the operation has ended. */
	isOver: boolean;
}

/**
 * The deadlines of operations that all have the same time: the first that was added expires first, so one timer that ticks
 * serves them all, and adding one costs neither a timer nor a look at the clock.
 */
export class Deadlines {
	readonly #tickMs: number;
	readonly #reason: string;
	/** Those before `#first` are over. */
	readonly #queue: Deadline[] = [];
	#first = 0;
	#tick = 0;
	#timer: NodeJS.Timeout | undefined;

	constructor(timeoutMs: number, reason: string) {
		this.#reason = reason;
		this.#tickMs = Math.max(1, timeoutMs / PARTS);
	}

	/** Calls `expire` once with the reason, unless the deadline is over by then. */
	add(expire: Deadline["expire"]): Deadline {
		const deadline = { tick: this.#tick, expire, isOver: false };
		this.#forgetFirst();
		this.#queue.push(deadline);
		if (this.#timer === undefined) {
			this.#timer = setInterval(() => this.#pass(), this.#tickMs);
			this.#timer.unref();
		}
		return deadline;
	}

	#pass(): void {
		this.#tick += 1;
		for (;;) {
			this.#forgetFirst();
			const deadline = this.#queue[this.#first];
			if (deadline === undefined) {
				clearInterval(this.#timer);
				this.#timer = undefined;
				return;
			}
			if (this.#tick - deadline.tick <= PARTS) return;
			deadline.expire(this.#reason);
			deadline.isOver = true;
		}
	}

	/** Goes past those that are over, so that the queue stays as short as what is under way. */
	#forgetFirst(): void {
		const queue = this.#queue;
		while (this.#first < queue.length && queue[this.#first]?.isOver) this.#first += 1;
		if (this.#first === queue.length) queue.length = 0;
		else if (this.#first > 1_000) queue.splice(0, this.#first);
		else return;
		this.#first = 0;
	}
}
