import { expect, test } from "vitest";
import { SlotPace } from "./slot-pace.ts";

/** An engine that needs this long for each key, and holds as many keys in each slot. */
function settle(pace: SlotPace, msPerKey: number, keysPerSlot: number): void {
	for (let turn = 0; turn < 20; turn += 1) {
		pace.noteFound(Math.min(pace.keysAtOnce, keysPerSlot) * pace.slotsAtOnce);
		pace.noteSent(pace.keysAtOnce * msPerKey);
	}
}

test("a batch keeps the source busy for about a millisecond, whatever the size of its keys", () => {
	for (const msPerKey of [0.001, 0.05, 0.4, 1.4]) {
		const pace = new SlotPace();
		settle(pace, msPerKey, 1_000);
		const busyMs = pace.keysAtOnce * msPerKey;
		expect(busyMs, String(msPerKey)).toBeGreaterThanOrEqual(0.5);
		expect(busyMs, String(msPerKey)).toBeLessThanOrEqual(1.5);
	}
	const pace = new SlotPace();
	settle(pace, 50, 1_000);
	expect(pace.keysAtOnce).toBe(1);
});

test("one question finds the keys of about one batch, in few full slots or in many that are almost empty", () => {
	const full = new SlotPace();
	settle(full, 0.05, 600);
	expect(full.slotsAtOnce).toBeLessThanOrEqual(2);
	const sparse = new SlotPace();
	settle(sparse, 0.05, 0.1);
	expect(sparse.slotsAtOnce).toBe(64);
});

test("clients have the engines to themselves for longer than moving slots does", () => {
	const pace = new SlotPace();
	expect(pace.restMs(1)).toBe(2);
	expect(pace.restMs(0.2)).toBe(1);
	expect(pace.restMs(8)).toBe(16);
});
