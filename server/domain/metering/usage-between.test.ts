import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { UsageCounters } from "../../contract/usage-reading.ts";
import { isNewer, type MeteredProcess, usageBetween } from "./usage-between.ts";

const OWN_BYTES = 5_000;
const NONE = { calls: 0, usec: 0 };

interface Load {
	/** Of clients, a second. */
	gets: number;
	getBytes: number;
	heavyCalls: number;
	heavyUsec: number;
}

/** What an engine has counted after so many seconds of which the first `idle` had no client. */
function countersAt(seconds: number, { gets, getBytes, heavyCalls, heavyUsec }: Load, idle = 60) {
	const busy = Math.max(0, seconds - idle);
	const clients = seconds * OWN_BYTES + busy * gets * getBytes;
	const simple = { calls: busy * gets, usec: busy * gets };
	return {
		uptimeSeconds: seconds,
		bytes: { total: clients, clients },
		requests: { direct: busy * (gets + heavyCalls), replicable: null },
		simple,
		heavy: {
			direct: { calls: busy * heavyCalls, usec: busy * heavyCalls * heavyUsec },
			replicable: NONE,
		},
		cpuUsec: simple.usec + busy * heavyCalls * heavyUsec,
	} satisfies UsageCounters;
}

/** Reads one process at these seconds; readings that come twice, or late, are left out as the store does. */
function ecpusOf(readings: readonly number[], load: Load): number {
	let process: MeteredProcess | null = null;
	let ecpus = 0;
	for (const seconds of readings) {
		const counters = countersAt(seconds, load);
		if (process !== null && !isNewer(process.counters, counters)) continue;
		const between = usageBetween(process, { at: new Date(seconds * 1_000), counters }, null);
		process = between.process;
		ecpus += between.usage.ecpus;
	}
	return ecpus;
}

const load = fc.record({
	gets: fc.integer({ min: 200, max: 50_000 }),
	getBytes: fc.integer({ min: 1, max: 20_000 }),
	heavyCalls: fc.constant(0),
	heavyUsec: fc.constant(0),
});

describe("ECPUs", () => {
	test("are the same however often a process is read, and whichever readings are lost, late or come twice", () => {
		fc.assert(
			fc.property(
				load,
				fc.array(fc.integer({ min: 61, max: 3_600 }), { minLength: 1, maxLength: 60 }),
				(each, disorder) => {
					const expected = ecpusOf([60, 3_600], each);
					const total = ecpusOf([60, ...disorder, 3_600, 3_600], each);
					expect(total / expected).toBeCloseTo(1, 6);
					const perRequest = Math.max(1, each.getBytes / 1_024);
					expect(expected / (3_540 * each.gets * perRequest)).toBeCloseTo(1, 6);
				},
			),
		);
	});

	test("are at least 1 a request, and 1 for each KB", () => {
		const small = { gets: 100, getBytes: 100, heavyCalls: 0, heavyUsec: 0 };
		expect(ecpusOf([60, 70], small)).toBeCloseTo(1_000, 6);
		expect(ecpusOf([60, 70], { ...small, getBytes: 3_072 })).toBeCloseTo(3_000, 6);
	});

	test("of other commands follow their time, measured in GETs, but never exceed the processor's", () => {
		const heavy = { gets: 1_000, getBytes: 10, heavyCalls: 10, heavyUsec: 500 };
		// A GET takes 1 µs here: each of the others counts as 500.
		expect(ecpusOf([60, 70], heavy)).toBeCloseTo(10 * (1_000 + 10 * 500), 6);
		expect(ecpusOf([60, 70], { ...heavy, heavyUsec: 0.5 })).toBeCloseTo(10 * 1_010, 6);
		const before = usageBetween(
			null,
			{ at: new Date(60_000), counters: countersAt(60, heavy) },
			null,
		);
		const stalled = { ...countersAt(70, heavy), cpuUsec: 4_000 };
		const { usage } = usageBetween(
			before.process,
			{ at: new Date(70_000), counters: stalled },
			null,
		);
		expect(usage.ecpus).toBeCloseTo(10_100 + 4_000, 6);
	});

	test("leave out what the agent itself has moved, before it was restarted and since", () => {
		const each = { gets: 1_000, getBytes: 4_096, heavyCalls: 0, heavyUsec: 0 };
		const read = (seconds: number, run: string, bytes: number) => {
			const counters = countersAt(seconds, each, 0);
			const moved = { total: counters.bytes.total + 5e6, clients: counters.bytes.clients + bytes };
			return {
				at: new Date(seconds * 1_000),
				counters: { ...counters, bytes: { ...moved, own: { run, bytes } } },
			};
		};
		const first = usageBetween(null, read(60, "a", 1e6), null).process;
		// An idle node has shown how much others move.
		const known = { ...first, ownBytesPerSecond: OWN_BYTES };
		const second = usageBetween(known, read(120, "a", 3e6), null);
		expect(second.usage.ecpus).toBeCloseTo(60 * 4_000, 6);
		const third = read(180, "b", 1e6);
		third.counters.bytes.clients += 3e6;
		const { usage } = usageBetween(second.process, third, null);
		expect(usage.ecpus).toBeCloseTo(60 * 4_000, 6);
	});

	test("leave out what agents have moved, although one was killed before it had kept its last packets", () => {
		const each = { gets: 1_000, getBytes: 4_096, heavyCalls: 0, heavyUsec: 0 };
		const read = (seconds: number, moved: number, kept = moved) => {
			const counters = countersAt(seconds, each, 0);
			const { total, clients } = counters.bytes;
			const bytes = {
				...{ total: total + moved, clients: clients + moved },
				own: { run: "a", bytes: kept },
			};
			return { at: new Date(seconds * 1_000), counters: { ...counters, bytes } };
		};
		const first = usageBetween(null, read(60, 1e6), null).process;
		const known = { ...first, ownBytesPerSecond: OWN_BYTES };
		const second = usageBetween(known, read(120, 1e6, 0.9e6), null);
		expect(second.usage.ecpus).toBeCloseTo(60 * 4_000, 6);
		const third = usageBetween(second.process, read(180, 5e6, 4.9e6), null);
		expect(third.usage.ecpus).toBeCloseTo(60 * 4_000, 6);
	});

	test("of a cache that nobody uses are none, whatever health checks move", () => {
		const idle = { gets: 0, getBytes: 0, heavyCalls: 0, heavyUsec: 0 };
		expect(ecpusOf([60, 120, 180], idle)).toBe(0);
	});

	test("of a process that has just started and was asked once are few, however often other hosts ask it", () => {
		const counters = countersAt(26, { gets: 0, getBytes: 0, heavyCalls: 0, heavyUsec: 0 });
		counters.bytes.clients += 60_000;
		counters.requests.direct = 1;
		const at = new Date(26_000);
		expect(usageBetween(null, { at, counters }, OWN_BYTES).usage.ecpus).toBe(1);
		// Where more hosts ask, another process of the cache has shown how much they move.
		counters.bytes.clients += 26 * 45_000;
		expect(usageBetween(null, { at, counters }, 10 * OWN_BYTES).usage.ecpus).toBe(1);
		expect(usageBetween(null, { at, counters }, null).usage.ecpus).toBeGreaterThan(1_000);
	});

	test("leave out what its Sentinels usually move, before any process of the cache has been idle", () => {
		const watchedBy = (sentinels: number) => {
			const replicable = { commands: 0, publishes: 0, sentinels, leads: true, offset: 1 };
			const counters = {
				...countersAt(600, { gets: 0, getBytes: 0, heavyCalls: 0, heavyUsec: 0 }),
				bytes: { total: 2_900_000, clients: 2_900_000, own: { run: "a", bytes: 0 } },
				requests: { direct: 1, replicable: { ...replicable, turnedAt: null, heldFrom: null } },
			};
			return usageBetween(null, { at: new Date(600_000), counters }, null).usage.ecpus;
		};
		expect(watchedBy(3)).toBe(1);
		expect(watchedBy(0)).toBeGreaterThan(1_000);
	});

	test("of a process that was never read before are all that it counted", () => {
		const each = { gets: 100, getBytes: 10, heavyCalls: 0, heavyUsec: 0 };
		const { usage } = usageBetween(
			null,
			{
				at: new Date(100_000),
				counters: countersAt(90, each),
			},
			null,
		);
		expect(usage).toEqual({
			...{ from: new Date(10_000), to: new Date(100_000) },
			...{ ecpus: 3_000, requests: 3_000 },
		});
	});

	test("don't count everything again when a new version of the agent counts fewer commands as clients'", () => {
		const each = { gets: 100, getBytes: 10, heavyCalls: 0, heavyUsec: 0 };
		const at = (seconds: number) => new Date(seconds * 1_000);
		const { process } = usageBetween(null, { at: at(600), counters: countersAt(600, each) }, null);
		const counters = countersAt(660, each);
		counters.requests.direct -= 8_000;
		const known = { ...process, ownBytesPerSecond: OWN_BYTES };
		const { usage } = usageBetween(known, { at: at(660), counters }, null);
		// Requests of this interval aren't known. Their bytes are.
		expect(usage.requests).toBe(0);
		expect(usage.ecpus).toBeLessThan(6_000);
	});

	test("go on from zero when someone resets an engine's counters", () => {
		const each = { gets: 100, getBytes: 10, heavyCalls: 0, heavyUsec: 0 };
		const before = usageBetween(
			null,
			{ at: new Date(600_000), counters: countersAt(600, each) },
			null,
		);
		const counters = { ...countersAt(70, each), uptimeSeconds: 660 };
		expect(isNewer(before.process.counters, counters)).toBe(true);
		const { usage } = usageBetween(before.process, { at: new Date(660_000), counters }, null);
		expect(usage.ecpus).toBeCloseTo(1_000, 6);
	});
});
