import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { lookAtAll } from "./look-at-all.ts";

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

function start(list: () => Promise<string[]>) {
	const looks: string[] = [];
	const errors: unknown[] = [];
	const look = async (keys: readonly string[]) => {
		looks.push(...keys);
	};
	const end = lookAtAll({
		...{ list, look, onError: (error) => errors.push(error) },
		...{ periodMs: 1_000, perSecond: 50 },
	});
	return { looks, errors, end };
}

it("spreads the looks over the period", async () => {
	const { looks, end } = start(async () => ["a", "b", "c", "d"]);
	await vi.advanceTimersByTimeAsync(0);
	expect(looks).toEqual(["a"]);
	await vi.advanceTimersByTimeAsync(250);
	expect(looks).toEqual(["a", "b"]);
	await vi.advanceTimersByTimeAsync(749);
	expect(looks).toEqual(["a", "b", "c", "d"]);
	await vi.advanceTimersByTimeAsync(1);
	expect(looks).toEqual(["a", "b", "c", "d", "a"]);
	end();
	await vi.advanceTimersByTimeAsync(5_000);
	expect(looks).toHaveLength(5);
});

it("keeps to its rate, however many keys there are", async () => {
	const keys = Array.from({ length: 1_000 }, (_, index) => String(index));
	const { looks, end } = start(async () => keys);
	await vi.advanceTimersByTimeAsync(10_000);
	// 12 at the start and every quarter of a second.
	expect(looks).toEqual(keys.slice(0, 12 * 41));
	end();
});

it("lists again a period after a failure", async () => {
	const list = vi.fn(async () => ["a"]).mockRejectedValueOnce(new Error("no database"));
	const { looks, errors, end } = start(list);
	await vi.advanceTimersByTimeAsync(999);
	expect(errors).toHaveLength(1);
	expect(looks).toEqual([]);
	await vi.advanceTimersByTimeAsync(1);
	expect(looks).toEqual(["a"]);
	end();
});
