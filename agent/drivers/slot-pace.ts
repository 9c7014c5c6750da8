/** For how long one batch of keys should keep the source busy, which serves no other client meanwhile. */
const BUSY_MS = 1;
/** After a batch, clients have the engines to themselves for so many times as long. */
const REST_SHARE = 2;
const KEYS = { first: 16, least: 1, most: 1_000 };
const SLOTS = { first: 8, least: 1, most: 64 };
/** A batch may take long because the processor does something else, so one slow batch says little about its keys. */
const SLOWER_AT_MOST = 1.5;

/** How fast keys go from one engine to another, so that clients of both hardly notice. */
export class SlotPace {
	/** What a key takes the source, according to the quickest of the newest batches. */
	private keyMs = BUSY_MS / KEYS.first;
	private slots = SLOTS.first;

	/** How many keys the source sends at a time: fewer if they are large. */
	get keysAtOnce(): number {
		return Math.min(KEYS.most, Math.max(KEYS.least, Math.round(BUSY_MS / this.keyMs)));
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
		this.keyMs = Math.min(tookMs / keys, this.keyMs * SLOWER_AT_MOST);
		return Math.ceil(keys * this.keyMs * REST_SHARE);
	}
}
