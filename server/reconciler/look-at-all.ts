/** Keys that are due within this time are looked at together. */
const STEP_MS = 250;

/**
 * Calls `look` for every listed key once per period, a few keys at a time and evenly spread, so that they don't all
 * arrive at once. With more keys than `perSecond` allows, a round takes longer than the period. Looks never overlap.
 * Returns a function that ends it.
 */
export function lookAtAll(options: {
	list: () => Promise<string[]>;
	look: (keys: readonly string[]) => Promise<void>;
	onError: (error: unknown) => void;
	periodMs: number;
	perSecond: number;
}): () => void {
	const { list, look, onError, periodMs, perSecond } = options;
	let left: string[] = [];
	let pauseMs = 0;
	let atOnce = 1;
	let timer: NodeJS.Timeout | undefined;
	let ended = false;
	const beginRound = async () => {
		left = [...(await list())];
		pauseMs = left.length === 0 ? periodMs : Math.max(periodMs / left.length, STEP_MS);
		const inTime = Math.ceil((left.length * pauseMs) / periodMs);
		atOnce = Math.max(1, Math.min(inTime, Math.floor((perSecond * pauseMs) / 1_000)));
	};
	const step = async () => {
		try {
			if (left.length === 0) await beginRound();
			if (ended) return;
			const keys = left.splice(0, atOnce);
			if (keys.length > 0) await look(keys);
		} catch (error) {
			onError(error);
			left = [];
			pauseMs = periodMs;
		}
		if (!ended) timer = setTimeout(step, pauseMs);
	};
	void step();
	return () => {
		ended = true;
		clearTimeout(timer);
	};
}
