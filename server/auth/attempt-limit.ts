import type { Clock } from "../platform/clock.ts";

const WINDOW_MS = 60_000;

/** Counts what one caller does again and again: password guesses from within a session, or denied calls. */
export class AttemptLimit {
	readonly #clock: Clock;
	readonly #most: number;
	readonly #attempts = new Map<string, number[]>();

	constructor(clock: Clock, most: number) {
		this.#clock = clock;
		this.#most = most;
	}

	/** Counts one attempt; false, and not counted, if the actor has used up those of the last minute. */
	allows(actor: string): boolean {
		const now = this.#clock.now().getTime();
		for (const [each, attempts] of this.#attempts) {
			const recent = attempts.filter((at) => now - at < WINDOW_MS);
			if (recent.length === 0) this.#attempts.delete(each);
			else this.#attempts.set(each, recent);
		}
		const recent = this.#attempts.get(actor) ?? [];
		if (recent.length >= this.#most) return false;
		this.#attempts.set(actor, [...recent, now]);
		return true;
	}
}
