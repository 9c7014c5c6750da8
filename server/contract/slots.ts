import { LIMITS } from "./limits.ts";

/** Hash slots from `first` to `last`, both included. */
export interface SlotRange {
	first: number;
	last: number;
}

/** `0-5460` or `0-100,200-300`; null if it isn't a list of slots. A single slot needs no range: `7`. */
export function parseSlots(text: string): SlotRange[] | null {
	const ranges: SlotRange[] = [];
	for (const part of text.split(",")) {
		const match = /^\s*(\d{1,5})(?:\s*-\s*(\d{1,5}))?\s*$/.exec(part);
		if (match === null) return null;
		const first = Number(match[1]);
		const last = Number(match[2] ?? match[1]);
		if (first > last || last >= LIMITS.clusterSlots) return null;
		ranges.push({ first, last });
	}
	return ranges;
}

export function formatSlots(ranges: readonly SlotRange[]): string {
	return mergeSlots(ranges)
		.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`))
		.join(",");
}

/** In order, with adjacent ranges joined. */
export function mergeSlots(ranges: readonly SlotRange[]): SlotRange[] {
	const merged: SlotRange[] = [];
	for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
		const before = merged.at(-1);
		if (before !== undefined && range.first <= before.last + 1) {
			before.last = Math.max(before.last, range.last);
		} else merged.push({ ...range });
	}
	return merged;
}

/** The slots in both. */
export function commonSlots(a: readonly SlotRange[], b: readonly SlotRange[]): SlotRange[] {
	const common = a.flatMap((one) =>
		b.map((other) => ({
			first: Math.max(one.first, other.first),
			last: Math.min(one.last, other.last),
		})),
	);
	return mergeSlots(common.filter(({ first, last }) => first <= last));
}

/** The slots of the first that aren't among the others. */
export function withoutSlots(
	ranges: readonly SlotRange[],
	others: readonly SlotRange[],
): SlotRange[] {
	return mergeSlots(others).reduce<SlotRange[]>(
		(rest, cut) =>
			rest.flatMap(({ first, last }) =>
				[
					{ first, last: Math.min(last, cut.first - 1) },
					{ first: Math.max(first, cut.last + 1), last },
				].filter((range) => range.first <= range.last),
			),
		mergeSlots(ranges),
	);
}

/** Slots as stored or reported: empty text for none. Throws on text that isn't a list of slots. */
export function readSlots(text: string | null): SlotRange[] {
	if (text === null || text === "") return [];
	const ranges = parseSlots(text);
	if (ranges === null) throw new Error(`not a list of slots: ${text.slice(0, 200)}`);
	return ranges;
}

/** Takes the first `count` slots out of the ranges. */
export function takeSlots(ranges: SlotRange[], count: number): SlotRange[] {
	const taken: SlotRange[] = [];
	let wanted = count;
	while (wanted > 0) {
		const next = ranges.shift();
		if (next === undefined) break;
		const last = Math.min(next.last, next.first + wanted - 1);
		taken.push({ first: next.first, last });
		if (last < next.last) ranges.unshift({ first: last + 1, last: next.last });
		wanted -= last - next.first + 1;
	}
	return taken;
}

export function countSlots(ranges: readonly SlotRange[]): number {
	return mergeSlots(ranges).reduce((sum, range) => sum + range.last - range.first + 1, 0);
}

/** One shard's share if all slots are spread evenly over this many shards. */
export function evenSlots(shards: number, index: number): SlotRange {
	return {
		first: Math.floor((index * LIMITS.clusterSlots) / shards),
		last: Math.floor(((index + 1) * LIMITS.clusterSlots) / shards) - 1,
	};
}

/**
 * Which node serves which slots: what CLUSTER SLOTS shows to clients. Ids are the engine's own, 40 hex
 * digits.
 */
export interface ClusterViewShard {
	slots: readonly SlotRange[];
	primary: string;
	replicas: readonly string[];
}

/**
 * A cluster's slots and members as one text, independent of order. Agents make it from what their engine
 * shows, the control plane from the desired state: equal texts mean that the cluster is as it should be.
 */
export function clusterViewText(shards: readonly ClusterViewShard[]): string {
	return shards
		.filter((shard) => shard.slots.length > 0)
		.map(
			(shard) =>
				`${formatSlots(shard.slots)}:${shard.primary}>${[...shard.replicas].sort().join("|")}`,
		)
		.sort()
		.join(";");
}
