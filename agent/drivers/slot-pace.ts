/** For how long one batch of keys should keep the source busy, which serves no other client meanwhile. */
const BUSY_MS = 1;
/** The same while nobody else uses the engines. */
const BUSY_ALONE_MS = 10;
/**
 * Between two batches, the engines answer all clients that wait. Beyond that, they have them to themselves for this part of
 * the time that the batch took, and of no more than `most` if keys are small: a move that rests longer only holds clients
 * up for longer.
 */
const REST = { part: 1 / 4, mostMs: 50 };
const KEYS = { first: 16, least: 1, most: 1_000 };
const SLOTS = { first: 8, least: 1, most: 64 };
/**
 * A batch may take long because the processor does something else, so one slow batch says little about its keys: on a busy
 * machine most are slow. One that takes very long must not be repeated, whatever the reason.
 */
const SLOWER_AT_MOST = 1.1;
const MUCH_SLOWER = { fromMs: 100, atMost: 4 };

/** How fast keys go from one engine to another, so that clients of both hardly notice. */
export class SlotPace {
	/** What a key takes the source, according to the quickest of the newest batches. */
	private keyMs = BUSY_MS / KEYS.first;
	private slots = SLOTS.first;
	/** No client uses the engines. */
	isAlone = false;

	/** How many keys the source sends at a time: fewer if they are large. */
	get keysAtOnce(): number {
		const busyMs = this.isAlone ? BUSY_ALONE_MS : BUSY_MS;
		const keys = Math.round(busyMs / this.keyMs);
		return Math.min(KEYS.most, Math.max(KEYS.least, keys));
	}

	/** How many slots the source is asked at a time, each for as many keys as it sends at a time. */
	get slotsAtOnce(): number {
		return this.slots;
	}

	/** Learns from what one question found, so that the next one finds about as many keys as the source sends at a time. */
	noteFound(keys: number): void {
		if (keys < this.keysAtOnce) this.slots = Math.min(SLOTS.most, this.slots * 2);
		if (keys > this.keysAtOnce * 2) this.slots = Math.max(SLOTS.least, this.slots >> 1);
	}

	/** Learns from how long a batch took. Returns for how long to leave the engines to their clients. */
	noteSent(keys: number, tookMs: number): number {
		const atMost = tookMs > MUCH_SLOWER.fromMs ? MUCH_SLOWER.atMost : SLOWER_AT_MOST;
		this.keyMs = Math.min(tookMs / keys, this.keyMs * atMost);
		if (this.isAlone) return 0;
		return Math.round(REST.part * Math.max(keys * this.keyMs, Math.min(tookMs, REST.mostMs)));
	}
}
