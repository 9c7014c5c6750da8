import { expect, it } from "vitest";
import { BatchReader } from "./batch-reader.ts";

it("reads together what is asked for meanwhile, and keeps one key from failing others", async () => {
	const reads: string[] = [];
	const held: (() => void)[] = [];
	const reader = new BatchReader<string, string>(
		async (keys) => {
			reads.push(keys.join("+"));
			if (reads.length === 1) await new Promise<void>((resolve) => held.push(resolve));
			if (keys.includes("bad")) throw new Error("it is bad");
			return new Map(keys.filter((key) => key !== "gone").map((key) => [key, key.toUpperCase()]));
		},
		{ atOnce: 1, batch: 3 },
	);
	const first = reader.read("a");
	const others = Promise.allSettled(
		["b", "bad", "gone", "c", "b", "a"].map((key) => reader.read(key)),
	);
	held[0]?.();
	expect(await first).toBe("A");
	expect(
		(await others).map((each) => (each.status === "fulfilled" ? each.value : each.reason.message)),
	).toEqual(["B", "it is bad", "gone doesn't exist", "C", "B", "A"]);
	// The first "a" was being read when the second was asked for.
	expect(reads).toEqual(["a", "b+bad+gone", "b", "bad", "gone", "c+a"]);
});
