import { countSlots, mergeSlots, type SlotRange, takeSlots } from "../../contract/slots.ts";
import { balanceSlots, type SlotHolder } from "./balance-slots.ts";

export interface ByteHolder extends SlotHolder {
	/** What its slots hold in total. */
	bytes: number;
}

/** Slots of one shard, each assumed to hold the same. */
interface Piece {
	slots: SlotRange[];
	bytesPerSlot: number;
}

/**
 * Spreads the slots so that all shards that stay hold about the same, and moves as little as possible. What individual
 * slots hold isn't known: all slots of a shard are assumed to hold the same. Returns each shard's slots. Each shard
 * that stays keeps or gets at least one.
 */
export function balanceBytes(shards: readonly ByteHolder[]): SlotRange[][] {
	const total = shards.reduce((sum, { bytes }) => sum + bytes, 0);
	if (total === 0) return balanceSlots(shards);
	const target = total / shards.filter(({ stays }) => stays).length;
	const kept = shards.map((shard) => keep(shard, target));
	const pool = kept.flatMap(({ rest }) => (countSlots(rest.slots) === 0 ? [] : [rest]));
	const takers = shards
		.map(({ bytes, stays }, index) => ({ index, lacks: target - bytes, stays }))
		.filter(({ lacks, stays }) => stays && lacks >= 0)
		.sort((a, b) => b.lacks - a.lacks || a.index - b.index);
	const got = new Map<number, SlotRange[]>();
	for (const [turn, { index, lacks }] of takers.entries()) {
		// Each taker still to come needs at least one slot.
		const toLeave = takers.length - 1 - turn;
		got.set(index, turn === takers.length - 1 ? drain(pool) : take(pool, lacks, toLeave));
	}
	return kept.map(({ first }, index) => mergeSlots([...first, ...(got.get(index) ?? [])]));
}

/** What a shard keeps, from the start of its slots, and what it gives. */
function keep({ slots, stays, bytes }: ByteHolder, target: number) {
	const rest = mergeSlots(slots);
	const count = countSlots(rest);
	const bytesPerSlot = count === 0 ? 0 : bytes / count;
	const surplus = bytesPerSlot === 0 ? 0 : Math.floor((bytes - target) / bytesPerSlot);
	const keeps = !stays ? 0 : Math.max(Math.min(count, 1), count - Math.max(0, surplus));
	const first = takeSlots(rest, keeps);
	return { first, rest: { slots: rest, bytesPerSlot } satisfies Piece };
}

function take(pool: readonly Piece[], bytes: number, toLeave: number): SlotRange[] {
	const taken: SlotRange[] = [];
	let lacks = bytes;
	let isFirst = true;
	for (const piece of pool) {
		const left = pool.reduce((sum, { slots }) => sum + countSlots(slots), 0);
		const available = Math.min(countSlots(piece.slots), Math.max(0, left - toLeave));
		const wanted = piece.bytesPerSlot === 0 ? 0 : Math.round(lacks / piece.bytesPerSlot);
		const count = Math.min(available, Math.max(isFirst ? 1 : 0, wanted));
		if (count === 0) continue;
		taken.push(...takeSlots(piece.slots, count));
		lacks -= count * piece.bytesPerSlot;
		isFirst = false;
	}
	return taken;
}

function drain(pool: readonly Piece[]): SlotRange[] {
	return pool.flatMap(({ slots }) => takeSlots(slots, countSlots(slots)));
}
