import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ClientTraffic } from "./client-traffic.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const info = (processed: number) => `# Stats\r\ntotal_commands_processed:${processed}\r\nx:1\r\n`;

test("an engine is quiet while it processes hardly more than its caller's own commands", () => {
	const traffic = new ClientTraffic();
	expect([traffic.isDue, traffic.isQuiet]).toEqual([true, false]);
	traffic.look(info(1_000));
	expect([traffic.isDue, traffic.isQuiet]).toEqual([false, false]);
	vi.advanceTimersByTime(1_000);
	traffic.noteOwn(5_000);
	traffic.look(info(6_010));
	expect(traffic.isQuiet).toBe(true);
	vi.advanceTimersByTime(1_000);
	traffic.noteOwn(5_000);
	traffic.look(info(11_200));
	expect(traffic.isQuiet).toBe(false);
});

test("an engine that was restarted, or doesn't say, may have clients", () => {
	const traffic = new ClientTraffic();
	traffic.look(info(1_000));
	vi.advanceTimersByTime(1_000);
	traffic.look(info(3));
	expect(traffic.isQuiet).toBe(false);
	vi.advanceTimersByTime(1_000);
	traffic.look("OK");
	expect([traffic.isDue, traffic.isQuiet]).toEqual([true, false]);
});
