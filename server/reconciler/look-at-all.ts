/**
 * Calls `look` for every listed key once per period, in turn and evenly spread, so that they don't all arrive
 * at once. With more keys than `perSecond` allows, a round takes longer than the period. Returns a function
 * that ends it.
 */
export function lookAtAll(options: {
	list: () => Promise<string[]>;
	look: (key: string) => void;
	onError: (error: unknown) => void;
	periodMs: number;
	perSecond: number;
}): () => void {
	const { list, look, onError, periodMs, perSecond } = options;
	let left: string[] = [];
	let pauseMs = 0;
	let timer: NodeJS.Timeout | undefined;
	let ended = false;
	const beginRound = async () => {
		const keys = await list().catch((error: unknown) => {
			onError(error);
			return [];
		});
		left = [...keys];
		pauseMs = left.length === 0 ? periodMs : Math.max(periodMs / left.length, 1_000 / perSecond);
	};
	const step = async () => {
		if (left.length === 0) await beginRound();
		if (ended) return;
		const key = left.shift();
		if (key !== undefined) look(key);
		timer = setTimeout(step, pauseMs);
	};
	void step();
	return () => {
		ended = true;
		clearTimeout(timer);
	};
}
