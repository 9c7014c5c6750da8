import { expect, test } from "vitest";
import { SlotPace } from "./slot-pace.ts";

/** An engine that needs this long for each key, and holds as many keys in each slot. Returns how long it rests. */
function settle(pace: SlotPace, msPerKey: number, keysPerSlot: number): number {
	let restMs = 0;
	for (let turn = 0; turn < 30; turn += 1) {
		pace.noteFound(Math.min(pace.keysAtOnce, keysPerSlot) * pace.slotsAtOnce);
		restMs = pace.noteSent(pace.keysAtOnce, pace.keysAtOnce * msPerKey);
	}
	return restMs;
}

test("a batch keeps the source busy for about 1.5 ms, and leaves clients as much, whatever the size of keys", () => {
	for (const msPerKey of [0.001, 0.05, 0.4, 0.9]) {
		const pace = new SlotPace();
		expect(settle(pace, msPerKey, 1_000), String(msPerKey)).toBeLessThanOrEqual(2);
		const busyMs = pace.keysAtOnce * msPerKey;
		expect(busyMs, String(msPerKey)).toBeGreaterThan(0.9);
		expect(busyMs, String(msPerKey)).toBeLessThan(1.9);
	}
});

test("while nobody else uses the engines, batches are ten times as large, without rests", () => {
	const pace = new SlotPace();
	pace.isAlone = true;
	expect(settle(pace, 0.05, 1_000)).toBe(0);
	expect(pace.keysAtOnce).toBe(200);
	pace.isAlone = false;
	expect(pace.keysAtOnce).toBe(30);
});

test("large keys go one by one, with longer rests", () => {
	const pace = new SlotPace();
	expect(settle(pace, 50, 1_000)).toBeGreaterThan(20);
	expect(pace.keysAtOnce).toBe(1);
});

test("where most batches wait for processors, fewer and larger ones leave clients as much time as they take", () => {
	const pace = new SlotPace();
	settle(pace, 0.05, 1_000);
	const before = pace.keysAtOnce;
	for (let turn = 0; turn < 100; turn += 1) {
		const { keysAtOnce } = pace;
		const waitedMs = turn % 4 === 0 ? 0 : 25;
		const tookMs = keysAtOnce * 0.05 + waitedMs;
		expect(pace.noteSent(keysAtOnce, tookMs)).toBe(Math.ceil(tookMs));
		expect(pace.keysAtOnce).toBeGreaterThan(before * 0.7);
		expect(pace.keysAtOnce).toBeLessThanOrEqual(before * 4);
	}
	expect(pace.keysAtOnce).toBeGreaterThan(before * 1.5);
	expect(pace.noteSent(pace.keysAtOnce, 400)).toBeLessThan(60);
	settle(pace, 0.05, 1_000);
	expect(pace.keysAtOnce).toBeLessThan(before * 1.2);
});

test("one question finds the keys of about one batch, in few full slots or in many that are almost empty", () => {
	const full = new SlotPace();
	settle(full, 0.05, 600);
	expect(full.slotsAtOnce).toBeLessThanOrEqual(2);
	const sparse = new SlotPace();
	settle(sparse, 0.05, 0.1);
	expect(sparse.slotsAtOnce).toBe(64);
});
