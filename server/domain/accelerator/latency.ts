import { LATENCY_BOUNDS_MS } from "../../contract/accelerator-process.ts";

/** The latency in milliseconds below which a share of the calls stayed; null without calls. */
export function percentile(counts: readonly number[], share: number): number | null {
	const total = counts.reduce((sum, count) => sum + count, 0);
	if (total === 0) return null;
	let rank = share * total;
	for (const [index, count] of counts.entries()) {
		if (count >= rank) {
			const from = index === 0 ? 0 : (LATENCY_BOUNDS_MS[index - 1] ?? 0);
			const to = LATENCY_BOUNDS_MS[index] ?? from;
			return from + (to - from) * (count === 0 ? 1 : rank / count);
		}
		rank -= count;
	}
	return LATENCY_BOUNDS_MS.at(-1) ?? null;
}
