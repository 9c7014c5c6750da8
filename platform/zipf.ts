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

/** Random numbers from 0 to 1 that are the same in every run (mulberry32). */
export function seededRandom(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}
