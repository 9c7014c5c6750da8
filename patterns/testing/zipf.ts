/** Numbers from 0 to count - 1, the n-th with a probability proportional to 1 / (n + 1) ^ exponent. */
export function zipfProbabilities(count: number, exponent: number): Float64Array {
	const weights = Float64Array.from({ length: count }, (_, rank) => 1 / (rank + 1) ** exponent);
	const sum = weights.reduce((total, weight) => total + weight, 0);
	return weights.map((weight) => weight / sum);
}

/** Draws from a distribution; `random` returns numbers from 0 to 1. */
export function sampler(probabilities: Float64Array, random: () => number): () => number {
	const sums = Float64Array.from(probabilities);
	for (let at = 1; at < sums.length; at += 1) sums[at] = (sums[at] ?? 0) + (sums[at - 1] ?? 0);
	return () => {
		const wanted = random();
		let low = 0;
		let high = sums.length - 1;
		while (low < high) {
			const middle = (low + high) >> 1;
			if ((sums[middle] ?? 1) < wanted) low = middle + 1;
			else high = middle;
		}
		return low;
	};
}

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
