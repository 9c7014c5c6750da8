import { expect, it } from "vitest";
import { BatchWriter, BusyWriterError } from "./batch-writer.ts";

it("writes what callers bring meanwhile together, in batches", async () => {
	const batches: string[][] = [];
	const writer = new BatchWriter<string>(async (items) => void batches.push([...items]), {
		...{ batch: 3, waitingMax: 100 },
	});
	await Promise.all([writer.write(["a"]), writer.write(["b", "c"]), writer.write(["d"])]);
	await writer.write(["e", "f", "g", "h"]);
	expect(batches).toEqual([["a", "b", "c"], ["d"], ["e", "f", "g", "h"]]);
});

it("refuses only the caller whose items can't be written", async () => {
	let statements = 0;
	const stored: number[] = [];
	const writer = new BatchWriter<number>(
		async (items) => {
			statements++;
			if (items.includes(7)) throw new Error("7 can't be stored");
			stored.push(...items);
		},
		{ batch: 100, waitingMax: 100 },
	);
	const outcomes = await Promise.allSettled(
		Array.from({ length: 16 }, (_, each) => writer.write([each])),
	);
	const refused = outcomes.flatMap(({ status }, each) => (status === "rejected" ? each : []));
	expect(refused).toEqual([7]);
	expect(stored.sort((a, b) => a - b)).toEqual(
		Array.from({ length: 16 }, (_, each) => each).filter((each) => each !== 7),
	);
	expect(statements).toBeLessThanOrEqual(9);
});

it("asks a database that is away three times, not once for each caller, and goes on once it is back", async () => {
	let statements = 0;
	let isAway = true;
	const writer = new BatchWriter<number>(
		async () => {
			statements++;
			if (isAway) throw new Error("no database");
		},
		{ batch: 100, waitingMax: 100 },
	);
	const outcomes = await Promise.allSettled([1, 2, 3, 4, 5, 6].map((each) => writer.write([each])));
	expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
	expect(statements).toBe(3);
	isAway = false;
	await writer.write([7]);
	expect(statements).toBe(4);
});

it("refuses items once too many wait, and takes them again afterward", async () => {
	const ends: (() => void)[] = [];
	const writer = new BatchWriter<number>(() => new Promise((resolve) => ends.push(resolve)), {
		...{ batch: 2, waitingMax: 3 },
	});
	const first = writer.write([1, 2]);
	await expect(writer.write([3, 4])).rejects.toThrow(BusyWriterError);
	await expect.poll(() => ends).toHaveLength(1);
	ends[0]?.();
	await first;
	// More than may wait, but nothing else does.
	const second = writer.write([3, 4, 5, 6]);
	await expect.poll(() => ends).toHaveLength(2);
	ends[1]?.();
	await second;
});
