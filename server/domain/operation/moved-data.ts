import type { Operation } from "../../contract/operation.ts";
import { countSlots, readSlots, withoutSlots } from "../../contract/slots.ts";
import type { OperationInput } from "./operation.ts";

/**
 * Keys and bytes of the slots that move, and of those that have moved by now, as if all slots of a shard held the same.
 * Null if it isn't known what the shards held. `shards` have the slots that they serve now.
 */
export function movedData(
	{ before, after, held }: OperationInput,
	shards: readonly { id: string; slots: string | null }[],
): Operation["data"] {
	if (held === undefined) return null;
	const data = { keysMoved: 0, keys: 0, bytesMoved: 0, bytes: 0 };
	for (const { id, slots } of shards) {
		const had = readSlots(before[id] ?? "");
		const holds = held[id];
		if (had.length === 0 || holds === undefined) continue;
		const going = withoutSlots(had, readSlots(after[id] ?? ""));
		const gone = withoutSlots(going, readSlots(slots ?? ""));
		const share = countSlots(going) / countSlots(had);
		const shareGone = countSlots(gone) / countSlots(had);
		data.keys += Math.round(holds.keys * share);
		data.keysMoved += Math.round(holds.keys * shareGone);
		data.bytes += Math.round(holds.bytes * share);
		data.bytesMoved += Math.round(holds.bytes * shareGone);
	}
	return data;
}
