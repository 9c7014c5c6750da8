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

test("a batch keeps the source busy for about a millisecond, and then leaves it to clients, whatever the size of keys", () => {
	for (const msPerKey of [0.001, 0.05, 0.4, 0.9]) {
		const pace = new SlotPace();
		expect(settle(pace, msPerKey, 1_000), String(msPerKey)).toBeLessThanOrEqual(1);
		const busyMs = pace.keysAtOnce * msPerKey;
		expect(busyMs, String(msPerKey)).toBeGreaterThan(0.7);
		expect(busyMs, String(msPerKey)).toBeLessThan(1.3);
	}
});

test("while nobody else uses the engines, batches are ten times as large, without rests", () => {
	const pace = new SlotPace();
	pace.isAlone = true;
	expect(settle(pace, 0.05, 1_000)).toBe(0);
	expect(pace.keysAtOnce).toBe(200);
	pace.isAlone = false;
	expect(pace.keysAtOnce).toBe(20);
});

test("large keys go one by one, with longer rests", () => {
	const pace = new SlotPace();
	expect(settle(pace, 50, 1_000)).toBeGreaterThan(10);
	expect(pace.keysAtOnce).toBe(1);
});

test("a busy machine doesn't change the size of batches, and none that took very long is repeated", () => {
	const pace = new SlotPace();
	settle(pace, 0.05, 1_000);
	const before = pace.keysAtOnce;
	for (let turn = 0; turn < 100; turn += 1) {
		const waitedMs = turn % 4 === 0 ? 0 : 25;
		pace.noteSent(pace.keysAtOnce, pace.keysAtOnce * 0.05 + waitedMs);
		expect(pace.keysAtOnce).toBeGreaterThan(before * 0.7);
		expect(pace.keysAtOnce).toBeLessThanOrEqual(before);
	}
	expect(pace.noteSent(pace.keysAtOnce, 400)).toBeLessThan(20);
	expect(pace.keysAtOnce).toBeLessThan(before / 2);
});

test("one question finds the keys of about one batch, in few full slots or in many that are almost empty", () => {
	const full = new SlotPace();
	settle(full, 0.05, 600);
	expect(full.slotsAtOnce).toBeLessThanOrEqual(2);
	const sparse = new SlotPace();
	settle(sparse, 0.05, 0.1);
	expect(sparse.slotsAtOnce).toBe(64);
});
