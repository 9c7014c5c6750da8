/** The share of hits of a cache that holds `capacity` keys and evicts any of them at random. The first half warms it up. */
export function simulateRandomEviction(
	requests: readonly number[],
	capacity: number,
	random: () => number,
): number {
	const places = new Map<number, number>();
	const held: number[] = [];
	let hits = 0;
	for (const [index, key] of requests.entries()) {
		if (places.has(key)) {
			if (index >= requests.length / 2) hits += 1;
			continue;
		}
		if (held.length >= capacity) {
			const at = Math.floor(random() * held.length);
			const last = held.pop() ?? 0;
			const victim = held[at] ?? last;
			places.delete(victim);
			if (at < held.length) {
				held[at] = last;
				places.set(last, at);
			}
		}
		places.set(key, held.length);
		held.push(key);
	}
	return hits / Math.floor(requests.length / 2);
}

/**
 * The share of hits in theory (Gelenbe; Fricker, Robert and Roberts): a key with probability p is held with probability
 * pT / (1 + pT), where T is such that these probabilities add up to the capacity.
 */
export function expectedHitRate(probabilities: Float64Array, capacity: number): number {
	const held = (time: number) =>
		probabilities.reduce((sum, p) => sum + (p * time) / (1 + p * time), 0);
	let low = 0;
	let high = 1;
	while (held(high) < capacity) high *= 2;
	for (let step = 0; step < 60; step += 1) {
		const middle = (low + high) / 2;
		if (held(middle) < capacity) low = middle;
		else high = middle;
	}
	return probabilities.reduce((sum, p) => sum + (p * p * low) / (1 + p * low), 0);
}
