import type { Clock } from "../platform/clock.ts";

/** How long caches have been healthy, with nothing to do. Only in memory: a control plane counts from its own start. */
export class QuietCaches {
	readonly #clock: Clock;
	readonly #since = new Map<string, number>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	note(cacheId: string, isQuiet: boolean): void {
		if (!isQuiet) this.#since.delete(cacheId);
		else if (!this.#since.has(cacheId)) this.#since.set(cacheId, this.#clock.now().getTime());
	}

	quietForMs(cacheId: string): number {
		const since = this.#since.get(cacheId);
		return since === undefined ? 0 : this.#clock.now().getTime() - since;
	}
}
