import { describe, expect, test } from "vitest";
import {
	type ReplicableCounters,
	type RequestCounters,
	requestsBetween,
} from "./client-requests.ts";

const PRIMARY: ReplicableCounters = {
	...{
		commands: 1_000,
		publishes: 0,
		sentinels: 0,
		leads: true,
		offset: 10_000,
		turnedAt: null,
		heldFrom: 1,
	},
};

function counters(direct: number, changes: Partial<ReplicableCounters>): RequestCounters {
	return { direct, replicable: { ...PRIMARY, ...changes } };
}

describe("requests of clients", () => {
	test("are all that a primary carries out", () => {
		const before = counters(50, {});
		expect(requestsBetween(before, counters(80, { commands: 1_400 }), 5)).toBe(430);
	});

	test("are what a replica carries out itself, without its primary's writes", () => {
		const before = counters(50, { leads: false });
		const after = counters(80, { leads: false, commands: 1_400, publishes: 90 });
		expect(requestsBetween(before, after, 5)).toBe(30);
	});

	test("are all that an engine without replication carries out", () => {
		const plain = (direct: number) => ({ direct, replicable: null });
		expect(requestsBetween(plain(10), plain(35), 5)).toBe(25);
		expect(requestsBetween(plain(10), plain(4), 5)).toBe(4);
	});

	test("add up to what was asked when the lead changes between two readings, wherever it did", () => {
		// 400 writes of 20 bytes each pass both nodes; the lead changes after a quarter of them.
		const turnedAt = 12_000;
		const end = { commands: 1_400, offset: 18_000, turnedAt };
		const lost = requestsBetween(
			counters(0, { leads: true }),
			counters(0, { ...end, leads: false }),
			5,
		);
		const won = requestsBetween(
			counters(0, { leads: false }),
			counters(0, { ...end, leads: true }),
			5,
		);
		expect([lost, won]).toEqual([100, 300]);
	});

	test("of a new process are all that it counted, less what it applied before it led", () => {
		// It joined the stream at 10,000 and took the lead at 12,000.
		const joined = { commands: 400, offset: 18_000, turnedAt: 12_000, heldFrom: 10_000 };
		expect(requestsBetween(null, counters(20, joined), 5)).toBe(320);
		expect(
			requestsBetween(
				counters(0, { leads: false, commands: 0, offset: 1 }),
				counters(0, joined),
				5,
			),
		).toBe(300);
		// A replica has taken none, whatever became of its primary.
		expect(requestsBetween(null, counters(20, { ...joined, leads: false }), 5)).toBe(20);
		// A primary that was rebooted and has no replica keeps no stream.
		const rebooted = { commands: 400, offset: 12_000, turnedAt: 12_000, heldFrom: null };
		expect(requestsBetween(null, counters(20, rebooted), 5)).toBe(420);
		expect(requestsBetween(null, counters(20, { commands: 400 }), 5)).toBe(420);
	});

	test("are never more than was carried out when the stream of writes is another one", () => {
		const before = counters(0, { leads: true });
		const copied = { leads: false, commands: 2_000, offset: 90_000, turnedAt: null };
		expect(requestsBetween(before, counters(0, copied), 5)).toBe(0);
		const shorter = { leads: false, commands: 2_000, offset: 5, turnedAt: 5 };
		expect(requestsBetween(before, counters(0, shorter), 5)).toBe(0);
		const odd = { leads: false, commands: 2_000, offset: 11_000, turnedAt: 99_000 };
		expect(requestsBetween(before, counters(0, odd), 5)).toBe(1_000);
	});

	test("leave out what Sentinels publish, so that an idle cache shows none", () => {
		const before = counters(0, { sentinels: 3 });
		const after = (publishes: number) => counters(0, { sentinels: 3, publishes });
		expect(requestsBetween(before, after(8), 5)).toBe(0);
		expect(requestsBetween(before, after(2_009), 5)).toBe(2_000);
	});

	test("leave out what Sentinels have published that left before the reading", () => {
		const before = counters(0, { sentinels: 3 });
		const after = counters(0, { sentinels: 0, publishes: 69 });
		expect(requestsBetween(before, after, 46)).toBe(0);
	});

	test("leave out what Sentinels publish on both nodes, when the lead changes", () => {
		// Each Sentinel publishes every 2 s on each node, and the primary passes that on.
		const end = { sentinels: 3, offset: 18_000, turnedAt: 12_000 };
		const lost = counters(0, { ...end, leads: false, publishes: 90 + 30 });
		const won = counters(0, { ...end, leads: true, publishes: 90 + 60 });
		expect(requestsBetween(counters(0, { sentinels: 3, leads: true }), lost, 60)).toBe(0);
		expect(requestsBetween(counters(0, { sentinels: 3, leads: false }), won, 60)).toBe(0);
	});

	test("count from zero in a new process", () => {
		const before = counters(900, { publishes: 40 });
		expect(requestsBetween(before, counters(7, { commands: 3, publishes: 2 }), 5)).toBe(12);
	});
});
