import type { Operation } from "../../contract/operation.ts";
import { commonSlots, countSlots, formatSlots, readSlots } from "../../contract/slots.ts";
import type { CacheModel } from "../cache/model.ts";
import { goalOf, type OperationModel } from "./operation.ts";

/**
 * The slots that go from one shard to another in the present direction, and how many of them have arrived. Keys and
 * bytes are estimated as if all slots of a shard held the same. `nameOf` names a shard for people.
 */
export function shardMoves(
	{ shards }: Pick<CacheModel, "shards">,
	operation: OperationModel,
	nameOf: (index: number) => string,
): Operation["moves"] {
	const { input, cancelAsked } = operation;
	const origin = cancelAsked ? input.after : input.before;
	return shards.flatMap((from) =>
		shards.flatMap((to) => {
			const going = commonSlots(readSlots(origin[from.id] ?? ""), goalOf(operation, to.id));
			if (from === to || going.length === 0) return [];
			const total = countSlots(going);
			const moved = countSlots(commonSlots(going, readSlots(to.slots)));
			// Whoever had these slots when the change began.
			const holder = cancelAsked ? to.id : from.id;
			const held = input.held?.[holder];
			const share = total / Math.max(1, countSlots(readSlots(input.before[holder] ?? "")));
			return [
				{
					...{ from: nameOf(from.index), to: nameOf(to.index) },
					...{ ranges: formatSlots(going), slots: { moved, total } },
					keys: held === undefined ? null : Math.round(held.keys * share),
					bytes: held === undefined ? null : Math.round(held.bytes * share),
				},
			];
		}),
	);
}
