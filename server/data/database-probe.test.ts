import { expect, it, vi } from "vitest";
import type { Database } from "./database.ts";
import { DatabaseProbe } from "./database-probe.ts";

type Ask = Database["$queryRaw"];

it("a database that hangs is asked once, and counts as not answering until it answers", async () => {
	let answer: (value: unknown) => void = () => undefined;
	const ask = vi.fn(() => new Promise((resolve) => (answer = resolve)));
	const probe = new DatabaseProbe({ $queryRaw: ask as unknown as Ask }, 5);
	expect(await Promise.all([probe.answers(), probe.answers()])).toEqual([false, false]);
	expect(await probe.answers()).toBe(false);
	expect(ask).toHaveBeenCalledTimes(1);
	answer([]);
	ask.mockResolvedValue([]);
	await expect.poll(() => probe.answers()).toBe(true);
});

it("a database whose answer is an error counts as not answering", async () => {
	const ask = vi.fn(() => Promise.reject(new Error("prepared statement already exists")));
	expect(await new DatabaseProbe({ $queryRaw: ask as unknown as Ask }).answers()).toBe(false);
});
