/** Every answer of the API carries the control plane's time, in milliseconds since 1970. */
export const TIME_HEADER = "x-larder-time";

/** Answers take a while to arrive: smaller differences say nothing about the clocks. */
const TOLERANCE_MS = 500;

/**
 * The control plane's time as a client knows it. Times in answers are the control plane's, so a client must
 * not use its own clock to compute how long ago they were.
 */
export class ServerClock {
	#aheadMs = 0;

	/** Call with the header of an answer, null if it has none, and the client's own time. */
	note(header: string | null, ownMs: number): void {
		const serverMs = Number(header);
		if (!header || !Number.isFinite(serverMs)) return;
		const aheadMs = serverMs - ownMs;
		if (Math.abs(aheadMs - this.#aheadMs) > TOLERANCE_MS) this.#aheadMs = aheadMs;
	}

	at(ownMs: number): number {
		return ownMs + this.#aheadMs;
	}
}
