import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Rush } from "./rush.ts";

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

it("lets others wait while pressing work comes, in waves too, and no longer than they want", async () => {
	const rush = new Rush();
	await rush.over(1_000);
	const ended: string[] = [];
	rush.note();
	void rush.over(1_000).then(() => ended.push("patient"));
	void rush.over(300).then(() => ended.push("impatient"));
	await vi.advanceTimersByTimeAsync(200);
	rush.note();
	await vi.advanceTimersByTimeAsync(200);
	expect({ ended, isOn: rush.isOn }).toEqual({ ended: ["impatient"], isOn: true });
	await vi.advanceTimersByTimeAsync(100);
	expect({ ended, isOn: rush.isOn }).toEqual({ ended: ["impatient", "patient"], isOn: false });
	expect(vi.getTimerCount()).toBe(0);
});
