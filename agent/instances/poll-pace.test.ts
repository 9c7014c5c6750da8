import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { EngineState } from "../drivers/driver.ts";
import { isStateNews, isUrgentNews } from "./instance-view.ts";
import { PollPace } from "./poll-pace.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

test("an engine is checked every few milliseconds after a change, and less and less often after that", () => {
	const pace = new PollPace();
	expect(pace.delayMs()).toBe(3);
	vi.advanceTimersByTime(200);
	expect(pace.delayMs()).toBe(20);
	vi.advanceTimersByTime(60_000);
	expect(pace.delayMs()).toBe(500);
	pace.disturb();
	expect(pace.delayMs()).toBe(3);
});

test("what goes on by itself brings the next check forward, but never delays it", () => {
	const pace = new PollPace();
	vi.advanceTimersByTime(60_000);
	pace.note();
	expect(pace.delayMs()).toBe(50);
	pace.disturb();
	pace.note();
	expect(pace.delayMs()).toBe(3);
});

test("slots that move while all are served are news, but not urgent", () => {
	const cluster = { nodeId: "a", ok: true, view: "1", primaryNodeId: null, slots: "0-99" };
	const before = { role: "primary", cluster } as EngineState;
	const after = (change: object) => ({ ...before, cluster: { ...cluster, ...change } });
	const moved = after({ view: "2", slots: "0-89" });
	expect(isStateNews(before, moved)).toBe(true);
	expect(isUrgentNews(before, moved)).toBe(false);
	expect(isUrgentNews(before, { ...moved, role: "replica" })).toBe(true);
	expect(isUrgentNews(before, after({ ok: false, view: "2" }))).toBe(true);
	expect(isUrgentNews(before, after({ view: "2", moves: [] }))).toBe(true);
	expect(isUrgentNews(null, moved)).toBe(true);
});
