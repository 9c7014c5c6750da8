import { expect, test } from "vitest";
import type { Notice } from "../../server/contract/desired-state.ts";
import { HeldNotices } from "./held-notices.ts";

const leader = (seq: number): Notice => ({ kind: "leader", seq, cacheId: "c", nodeId: `n${seq}` });
const answer = (epoch: number, ...seqs: number[]) => ({
	...{ epoch, desired: null, notices: seqs.map(leader) },
});
const seqsOf = (notices: Notice[]) => notices.map(({ seq }) => seq);

test("an agent acts on a notice once, however often it arrives", () => {
	const held = new HeldNotices();
	expect(held.newestOf(1)).toBe(-1);
	expect(seqsOf(held.take(answer(1, 4, 5)))).toEqual([4, 5]);
	expect(seqsOf(held.take(answer(1, 5, 7)))).toEqual([7]);
	expect(held.newestOf(1)).toBe(7);
});

test("a new epoch starts counting again, and an earlier one is refused", () => {
	const held = new HeldNotices();
	held.take(answer(2, 9));
	expect(seqsOf(held.take(answer(3, 1)))).toEqual([1]);
	expect([held.epoch, held.newestOf(3), held.newestOf(2)]).toEqual([3, 1, -1]);
	expect(held.take(answer(2, 10))).toEqual([]);
	held.forget();
	expect(seqsOf(held.take(answer(1, 2)))).toEqual([2]);
});
