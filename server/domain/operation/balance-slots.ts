import { LIMITS } from "../../contract/limits.ts";
import { countSlots, mergeSlots, type SlotRange, takeSlots } from "../../contract/slots.ts";

export interface SlotHolder {
	slots: readonly SlotRange[];
	/** False: all of its slots go to the others. */
	stays: boolean;
}

/**
 * Spreads the slots evenly over the shards that stay, and moves as few slots as possible. Shards give
 * from the end of what they have, so what each one keeps and gets is in few ranges. Returns each shard's slots.
 */
export function balanceSlots(shards: readonly SlotHolder[]): SlotRange[][] {
	const shares = sharesOf(shards);
	const kept = shards.map(({ slots }, index) => splitAfter(slots, shares[index] ?? 0));
	const free = kept.flatMap(({ rest }) => rest);
	return kept.map(({ first }, index) =>
		mergeSlots([...first, ...takeSlots(free, (shares[index] ?? 0) - countSlots(first))]),
	);
}

/** How many slots each shard should have. If the slots don't divide evenly, the shards that have the most now get one more. */
function sharesOf(shards: readonly SlotHolder[]): number[] {
	const staying = shards
		.map(({ slots, stays }, index) => ({ index, count: countSlots(slots), stays }))
		.filter(({ stays }) => stays)
		.sort((a, b) => b.count - a.count || a.index - b.index);
	const base = Math.floor(LIMITS.clusterSlots / staying.length);
	const extra = LIMITS.clusterSlots % staying.length;
	const shares = shards.map(() => 0);
	for (const [rank, { index }] of staying.entries()) shares[index] = base + (rank < extra ? 1 : 0);
	return shares;
}

function splitAfter(slots: readonly SlotRange[], count: number) {
	const rest = mergeSlots(slots);
	const first = takeSlots(rest, count);
	return { first, rest };
}
