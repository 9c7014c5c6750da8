import { z } from "zod";
import type { OperationKind } from "../../contract/operation.ts";
import { commonSlots, readSlots, type SlotRange, withoutSlots } from "../../contract/slots.ts";

/** Slots by shard id, such as 0-5460; empty for none. */
const layoutSchema = z.record(z.string(), z.string());
export type SlotLayout = z.infer<typeof layoutSchema>;

/** What an operation does: fixed when it starts. */
export const operationInputSchema = z.object({
	before: layoutSchema,
	after: layoutSchema,
	/** Shards that this operation adds, and removes again if it is canceled. */
	added: z.array(z.string()),
	/** Shards that leave the cache once they are empty. */
	removed: z.array(z.string()),
	/** The cache's number of shards before. */
	shardsBefore: z.number(),
	/** What each shard held before, as far as it was known. */
	held: z.record(z.string(), z.object({ keys: z.number(), bytes: z.number() })).optional(),
});
export type OperationInput = z.infer<typeof operationInputSchema>;

export const operationCursorSchema = z.object({
	/**
	 *     add ──> move ──> settle ──> (ended)
	 *
	 * `add`: new shards' nodes are placed and join. `move`: slots go to their new shards. `settle`: empty shards leave, and all nodes see the same cluster.
	 * A canceled operation goes to `move` from wherever it is, and moves back.
	 */
	phase: z.enum(["add", "move", "settle"]),
	/** When the slots began to move in the present direction, ISO 8601, and how many had to move then. */
	movingSince: z.string().nullable(),
	toMove: z.number(),
	/** Which of the rounds is going on in phase `move` (roundsOf). */
	round: z.int().default(0),
	/** In phase `move`, no slots go on their way, because a primary should hand over to a replica. */
	held: z.boolean().default(false),
	/** The progress that people have seen. It never goes back. */
	percent: z.int().default(0),
});
export type OperationCursor = z.infer<typeof operationCursorSchema>;

export interface OperationModel {
	id: string;
	kind: OperationKind;
	input: OperationInput;
	cursor: OperationCursor;
	cancelAsked: boolean;
	/** What holds it up, in a sentence; null while it makes progress. */
	error: string | null;
	startedAt: Date;
}

type Target = Pick<OperationModel, "input" | "cancelAsked">;

/** The slots that a shard should have in the end. */
export function goalOf({ input, cancelAsked }: Target, shardId: string): SlotRange[] {
	return readSlots((cancelAsked ? input.before : input.after)[shardId] ?? "");
}

/** Shards that leave the cache in the end. */
export function leaversOf({ input, cancelAsked }: Target): readonly string[] {
	return cancelAsked ? input.added : input.removed;
}

/** What a shard serves throughout, and what it may serve at some time, in whichever direction slots move. */
export function boundsOf({ input }: Target, shardId: string): SlotBounds {
	const before = readSlots(input.before[shardId] ?? "");
	const after = readSlots(input.after[shardId] ?? "");
	return { least: commonSlots(before, after), most: [...before, ...after] };
}

export interface SlotBounds {
	least: readonly SlotRange[];
	most: readonly SlotRange[];
}

export function isWithin({ least, most }: SlotBounds, slots: readonly SlotRange[]): boolean {
	return withoutSlots(least, slots).length === 0 && withoutSlots(slots, most).length === 0;
}

/** Slots that have to go from one shard to another: all that the first may have at some time. */
interface Move {
	fromShardId: string;
	toShardId: string;
	slots: SlotRange[];
}

/**
 * All moves of an operation, those of one round at the same time. In a round no shard both gets and gives slots: each
 * slot that arrives raises its new owner's epoch. With a later epoch than the receivers of its own slots, that owner
 * would take back the slots that it is giving away, and the receivers would delete their keys.
 */
export function roundsOf(operation: Target): Move[][] {
	const ids = Object.keys({ ...operation.input.before, ...operation.input.after }).sort();
	const rounds: Move[][] = [];
	for (const fromShardId of ids) {
		const { most } = boundsOf(operation, fromShardId);
		for (const toShardId of ids) {
			const slots = commonSlots(most, goalOf(operation, toShardId));
			if (toShardId === fromShardId || slots.length === 0) continue;
			const move = { fromShardId, toShardId, slots };
			const round = rounds.find((moves) => moves.every((other) => goTogether(move, other)));
			if (round === undefined) rounds.push([move]);
			else round.push(move);
		}
	}
	return rounds;
}

function goTogether(a: Move, b: Move): boolean {
	return a.fromShardId !== b.toShardId && a.toShardId !== b.fromShardId;
}

/** Shards to which this one may have handed slots over, or may yet, in whichever direction slots move. */
export function receiversOf(operation: Target, shardId: string): string[] {
	const { before, after } = operation.input;
	const { most } = boundsOf(operation, shardId);
	return Object.keys({ ...before, ...after }).filter(
		(id) => id !== shardId && commonSlots(most, boundsOf(operation, id).most).length > 0,
	);
}

/** What a shard has to hand over in the present round. Its agent knows which of the slots it has now. */
export function movesFrom(
	operation: Target & Pick<OperationModel, "cursor">,
	shardId: string,
): readonly Move[] {
	if (operation.cursor.held) return [];
	const moves = roundsOf(operation)[operation.cursor.round] ?? [];
	return moves.filter(({ fromShardId }) => fromShardId === shardId);
}
