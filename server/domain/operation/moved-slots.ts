import { countSlots, readSlots, withoutSlots } from "../../contract/slots.ts";
import type { CacheModel } from "../cache/model.ts";
import { goalOf, type OperationModel } from "./operation.ts";

/**
 * Where the progress is when slots begin to move, and when all have moved. The rest is for adding and removing nodes.
 */
const PERCENT_BEFORE_MOVING = 10;
const PERCENT_AFTER_MOVING = 95;

type Shards = Pick<CacheModel, "shards">;

/** How many slots aren't where they should be. */
export function slotsToGo({ shards }: Shards, operation: OperationModel): number {
	return shards.reduce(
		(sum, shard) =>
			sum + countSlots(withoutSlots(readSlots(shard.slots), goalOf(operation, shard.id))),
		0,
	);
}

/** Slots that have moved in the present direction. */
export function movedSlots(
	cache: Shards,
	operation: OperationModel,
): { moved: number; total: number } {
	const toGo = slotsToGo(cache, operation);
	const total = operation.cursor.phase === "add" ? toGo : Math.max(operation.cursor.toMove, toGo);
	return { moved: total - toGo, total };
}

/** 0 to 1, of the slots that move. */
export function movedShare(cache: Shards, operation: OperationModel): number {
	const { moved, total } = movedSlots(cache, operation);
	return total === 0 ? 1 : moved / total;
}

/** How far along the operation is. It stays where it was while slots move back, or again. */
export function percentOf(cache: Shards, operation: OperationModel): number {
	return Math.max(operation.cursor.percent, present(cache, operation));
}

function present(cache: Shards, operation: OperationModel): number {
	const span = PERCENT_AFTER_MOVING - PERCENT_BEFORE_MOVING;
	switch (operation.cursor.phase) {
		case "add":
			return 0;
		case "move":
			return PERCENT_BEFORE_MOVING + Math.floor(span * movedShare(cache, operation));
		case "settle":
			return PERCENT_AFTER_MOVING;
	}
}
