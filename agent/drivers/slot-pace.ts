/** About how long it may take to send one batch of keys: the source serves no other client meanwhile. */
const BUSY_MS = { least: 0.5, most: 1.5 };
/** After a batch, clients have the engines to themselves for so many times as long as it took. */
const REST_SHARE = 2;
const KEYS = { first: 16, least: 1, most: 1_000 };
const SLOTS = { first: 8, least: 1, most: 64 };

/** How fast keys go from one engine to another, so that clients of both hardly notice. */
export class SlotPace {
	private keys = KEYS.first;
	private slots = SLOTS.first;

	/** How many keys the source sends at a time: fewer if they are large, or if the engines are busy. */
	get keysAtOnce(): number {
		return this.keys;
	}

	/** How many slots the source is asked at a time, each for as many keys as it sends at a time. */
	get slotsAtOnce(): number {
		return this.slots;
	}

	/** Learns from what one question found, so that the next one finds about as many keys as the source sends at a time. */
	noteFound(keys: number): void {
		if (keys < this.keys) this.slots = Math.min(SLOTS.most, this.slots * 2);
		if (keys > this.keys * 2) this.slots = Math.max(SLOTS.least, this.slots >> 1);
	}

	/** Learns from how long a batch took. */
	noteSent(tookMs: number): void {
		if (tookMs < BUSY_MS.least) this.keys = Math.min(KEYS.most, this.keys * 2);
		if (tookMs > BUSY_MS.most) this.keys = Math.max(KEYS.least, this.keys >> 1);
	}

	/** For how long to leave the engines to their clients after work that took so long. */
	restMs(tookMs: number): number {
		return Math.ceil(tookMs * REST_SHARE);
	}
}
