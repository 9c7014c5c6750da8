import type { LoadTimes } from "./simulate-hits.ts";

const FIRST_CAPACITY = 1_024;

/** When the operations of a run reached the cache. Milliseconds since the run's start. */
export class Timeline {
	/** Three numbers an operation: its begin and, of a write, when the cache got its mark, and what it left there. */
	#times = new Float32Array(3 * FIRST_CAPACITY);
	#loads = new Float32Array(3 * FIRST_CAPACITY);
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

	/** A load has ended; it took this long. */
	loaded(beganAt: number, { leaseMs, valueMs }: LoadTimes): void {
		this.#loads = withRoom(this.#loads, 3 * (this.#loadCount + 1));
		this.#loads.set([beganAt, leaseMs, valueMs], 3 * this.#loadCount);
		this.#loadCount += 1;
	}

	/**
	 * How long a load took that began at a time: as long as the first one that didn't begin earlier. Ask for times in
	 * ascending order. 0 if there were no loads.
	 */
	loadDurations(): (atMs: number) => LoadTimes {
		const loads = this.#loads;
		const beganAt = (load: number) => loads[3 * load] ?? 0;
		const inOrder = Uint32Array.from({ length: this.#loadCount }, (_, load) => load);
		inOrder.sort((a, b) => beganAt(a) - beganAt(b));
		let at = 0;
		return (atMs) => {
			while (at < inOrder.length - 1 && beganAt(inOrder[at] ?? 0) < atMs) at += 1;
			const load = 3 * (inOrder[at] ?? 0);
			return { leaseMs: loads[load + 1] ?? 0, valueMs: loads[load + 2] ?? 0 };
		};
	}
}

function withRoom(array: Float32Array<ArrayBuffer>, length: number): Float32Array<ArrayBuffer> {
	if (length <= array.length) return array;
	const larger = new Float32Array(2 * length);
	larger.set(array);
	return larger;
}
