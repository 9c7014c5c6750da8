import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { noteRefusals } from "./note-full.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("an event reports the first refused client, and the first one after five minutes without a refusal", () => {
	const events: string[] = [];
	const core = {
		...{ id: "i1", assignment: null, refusedAt: Number.NEGATIVE_INFINITY, refusedClients: null },
		tell: (_severity: string, type: string) => void events.push(type),
	};
	const samples = (...counts: number[]) => {
		for (const refusedClients of counts) {
			vi.advanceTimersByTime(5_000);
			noteRefusals(core, { refusedClients });
		}
		return events.splice(0);
	};
	// What it refused before this agent looked is old news.
	expect(samples(5, 5)).toEqual([]);
	expect(samples(6, 9, 30, 30, 31)).toEqual(["node.full"]);
	vi.advanceTimersByTime(5 * 60_000);
	expect(samples(31, 32)).toEqual(["node.full"]);
	// A new process has counted three since its start, all before its first sample.
	vi.advanceTimersByTime(5 * 60_000);
	expect(samples(3)).toEqual([]);
	expect(samples(4)).toEqual(["node.full"]);
});
