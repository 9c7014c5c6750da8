/** How many times the timeout is divided: an operation expires up to one part late. */
const PARTS = 5;

export class Deadline {
	/** When it was added, in ticks. */
	readonly tick: number;
	readonly expire: (reason: string) => void;
	/** Set when the operation has ended. */
	isOver = false;
	/** The one that was added after it. */
	next: Deadline | null = null;

	constructor(tick: number, expire: Deadline["expire"]) {
		this.tick = tick;
		this.expire = expire;
	}
}

/**
 * The deadlines of operations that all have the same time: the first that was added expires first, so one timer that ticks
 * serves them all, and adding one costs neither a timer nor a look at the clock.
 */
export class Deadlines {
	readonly #tickMs: number;
	readonly #reason: string;
	/** A linked list: each operation would empty and fill an array, and V8 would make a new one each time. */
	#first: Deadline | null = null;
	#last: Deadline | null = null;
	#tick = 0;
	#timer: NodeJS.Timeout | undefined;

	constructor(timeoutMs: number, reason: string) {
		this.#reason = reason;
		this.#tickMs = Math.max(1, timeoutMs / PARTS);
	}

	/** Calls `expire` once with the reason, unless the deadline is over by then. */
	add(expire: Deadline["expire"]): Deadline {
		const deadline = new Deadline(this.#tick, expire);
		this.#forgetFirst();
		if (this.#last === null) this.#first = deadline;
		else this.#last.next = deadline;
		this.#last = deadline;
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
			const deadline = this.#first;
			if (deadline === null) {
				clearInterval(this.#timer);
				this.#timer = undefined;
				return;
			}
			if (this.#tick - deadline.tick <= PARTS) return;
			deadline.expire(this.#reason);
			deadline.isOver = true;
		}
	}

	/** Goes past those that are over, so that the list stays as short as what is under way. */
	#forgetFirst(): void {
		let first = this.#first;
		while (first?.isOver) {
			const { next } = first;
			// An old object that names a younger one would keep it in memory.
			first.next = null;
			first = next;
		}
		this.#first = first;
		if (first === null) this.#last = null;
	}
}
