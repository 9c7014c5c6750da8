const FIRST_CAPACITY = 1_024;

/** When the operations of a run began, and its writes and loads ended. Milliseconds since the run's start. */
export class Timeline {
	/** Three numbers an operation: its begin and, of a write, when the cache had its mark, and its end. */
	#times = new Float32Array(3 * FIRST_CAPACITY);
	#loads = new Float32Array(2 * FIRST_CAPACITY);
	#count = 0;
	#loadCount = 0;

	/** How many operations have begun. */
	get count(): number {
		return this.#count;
	}

	/** Operations are numbered from 0, and may begin in another order. */
	begin(index: number, ms: number): void {
		this.#times = withRoom(this.#times, 3 * (index + 1));
		this.#times.fill(ms, 3 * index, 3 * index + 3);
		this.#count = Math.max(this.#count, index + 1);
	}

	mark(index: number, ms: number): void {
		this.#times[3 * index + 1] = ms;
	}

	end(index: number, ms: number): void {
		this.#times[3 * index + 2] = ms;
	}

	beganAt(index: number): number {
		return this.#times[3 * index] ?? 0;
	}

	markedAt(index: number): number {
		return this.#times[3 * index + 1] ?? 0;
	}

	endedAt(index: number): number {
		return this.#times[3 * index + 2] ?? 0;
	}

	/** A read that loaded the value has ended. */
	loaded(endedAt: number, durationMs: number): void {
		this.#loads = withRoom(this.#loads, 2 * (this.#loadCount + 1));
		this.#loads[2 * this.#loadCount] = endedAt;
		this.#loads[2 * this.#loadCount + 1] = durationMs;
		this.#loadCount += 1;
	}

	/**
	 * How long a load took at a time: as long as the first one that ended later. Ask for times in ascending order. 0 if there
	 * were no loads.
	 */
	loadDurations(): (atMs: number) => number {
		let at = 0;
		return (atMs) => {
			while (at < this.#loadCount - 1 && (this.#loads[2 * at] ?? 0) <= atMs) at += 1;
			return this.#loadCount === 0 ? 0 : (this.#loads[2 * at + 1] ?? 0);
		};
	}
}

function withRoom(array: Float32Array<ArrayBuffer>, length: number): Float32Array<ArrayBuffer> {
	if (length <= array.length) return array;
	const larger = new Float32Array(2 * length);
	larger.set(array);
	return larger;
}
