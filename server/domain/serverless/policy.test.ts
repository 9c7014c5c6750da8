import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GIB, MIB } from "../../contract/limits.ts";
import {
	FLOOR_BYTES,
	STORAGE_GB_BYTES as GB,
	IDLE_BYTES,
	type Limits,
	NO_LIMITS,
	SHRINKS_PER_HOUR,
} from "../../contract/serverless.ts";
import { boundsOf, headroomOf, vcpusOf } from "./capacity.ts";
import { CALM_MS, type CacheLoad, LONG_CALM_MS } from "./load.ts";
import {
	decideCapacity,
	fittingShards,
	HOUR_MS,
	IDLE_AFTER_MS,
	type RecentScaling,
	type Room,
	remember,
	type ShardCapacity,
	type Situation,
} from "./policy.ts";

const NOW = 1_800_000_000_000;
const NEVER: RecentScaling = { changedAt: null, shardsAt: null, shrunkAt: [] };
const hostsWith = (...spareBytes: number[]): Room["hosts"] =>
	spareBytes.map((bytes) => ({ spareBytes: bytes, ownNodes: 0 }));
const WIDE: Room = {
	...{ inPlaceBytes: 64 * GIB, elsewhereBytes: 64 * GIB, splitBytes: 32 * GIB },
	hosts: hostsWith(64 * GIB, 64 * GIB, 64 * GIB),
	processors: 90,
};

function load(overrides: Partial<CacheLoad> = {}): CacheLoad {
	const used = { shardUsedBytes: 2 * MIB, usedBytes: 2 * MIB, cpuShare: 0, ecpuPerSecond: 0 };
	return { ...used, bytesPerSecond: 0, calm: null, longCalm: null, ...overrides };
}

/** It has been the same for so long that the policy may shrink the cache. */
function calmLoad(usedBytes: number, shards = 1): CacheLoad {
	const peak = { shardUsedBytes: usedBytes / shards, usedBytes, cpuShare: 0.01, ecpuPerSecond: 10 };
	return load({ ...peak, calm: peak, longCalm: peak });
}

function situation(overrides: Partial<Situation> = {}): Situation {
	return {
		...{ now: NOW, protocol: "cluster", limits: NO_LIMITS, load: load(), room: WIDE },
		...{ capacity: { shardBytes: FLOOR_BYTES, shards: 1 }, recent: NEVER, isResharding: false },
		...{ idleMs: 0, evictionPolicy: "volatile-lru" },
		...overrides,
	};
}

const storage = (min: number | null, max: number | null): Limits => ({
	...{ ...NO_LIMITS, dataStorageGb: { min, max } },
});

it("a larger shard may use more processors", () => {
	const sizes = [FLOOR_BYTES, 8 * GIB, 9 * GIB, 32 * GIB, 64 * GIB];
	expect(sizes.map(vcpusOf)).toEqual([2, 2, 4, 4, 8]);
});

describe("without clients", () => {
	const idle = (idleMs: number | null, usedBytes: number, shardBytes: number, limits = NO_LIMITS) =>
		decideCapacity(
			situation({
				...{ idleMs, limits, load: calmLoad(usedBytes) },
				capacity: { shardBytes, shards: 1 },
			}),
		).decision;

	it("a shard keeps no room for bursts after five minutes, and gets it back when a client connects", () => {
		expect(idle(4 * 60_000, 2 * MIB, FLOOR_BYTES)).toBeNull();
		expect(idle(null, 2 * MIB, FLOOR_BYTES)).toBeNull();
		expect(idle(IDLE_AFTER_MS, 2 * MIB, FLOOR_BYTES)).toMatchObject({
			...{ to: { shardBytes: IDLE_BYTES }, trigger: "idle" },
			reason:
				"No client was connected for five minutes, and the cache held at most 2 MiB of 0.25 GiB.",
		});
		expect(idle(IDLE_AFTER_MS, 2 * MIB, 4 * GIB)?.to.shardBytes).toBe(IDLE_BYTES);
		expect(idle(IDLE_AFTER_MS, 2 * MIB, IDLE_BYTES)).toBeNull();
		expect(idle(null, 2 * MIB, IDLE_BYTES)).toBeNull();
		expect(idle(0, 2 * MIB, IDLE_BYTES)?.to.shardBytes).toBe(FLOOR_BYTES);
	});

	it("a shard keeps what its data and its minimum need", () => {
		expect(idle(IDLE_AFTER_MS, 100 * MIB, GIB)?.to.shardBytes).toBeGreaterThan(200 * MIB);
		expect(idle(IDLE_AFTER_MS, 2 * MIB, 2 * GIB, storage(1, null))?.to.shardBytes).toBe(1e9);
	});
});

describe("a shard", () => {
	it("doubles before its headroom is gone, and gets what a fast growth fills in a few seconds", () => {
		const slow = decideCapacity(situation({ load: load({ shardUsedBytes: 160 * MIB }) }));
		expect(slow.decision).toMatchObject({
			to: { shardBytes: 512 * MIB, shards: 1 },
			trigger: "storage",
			reason: "The cache holds 160 MiB of 0.25 GiB.",
		});
		const fast = load({ shardUsedBytes: 160 * MIB, bytesPerSecond: 300 * MIB });
		const { decision } = decideCapacity(situation({ load: fast }));
		expect(decision?.to.shardBytes).toBeGreaterThan(160 * MIB + 4 * 300 * MIB);
	});

	it("stays while it has room, and grows in advance of a growth that will soon need it", () => {
		expect(decideCapacity(situation({ load: load({ shardUsedBytes: 150 * MIB }) }))).toEqual({
			...{ decision: null, obstacle: null },
		});
		const growing = load({ shardUsedBytes: 120 * MIB, bytesPerSecond: 50 * MIB });
		expect(decideCapacity(situation({ load: growing })).decision?.trigger).toBe("storage");
	});

	it("takes what its hosts have left, then moves if it is alone, then says why it can't grow", () => {
		const full = load({ shardUsedBytes: 240 * MIB });
		const of = (room: Partial<Room>, protocol: "standard" | "cluster" = "standard") =>
			decideCapacity(situation({ protocol, load: full, room: { ...WIDE, ...room } }));
		expect(of({ inPlaceBytes: 300 * MIB }).decision?.to.shardBytes).toBe(300 * MIB);
		expect(of({ inPlaceBytes: 260 * MIB }).decision?.to.shardBytes).toBe(512 * MIB);
		const stuck = of({ inPlaceBytes: 256 * MIB, elsewhereBytes: 256 * MIB });
		expect(stuck.decision).toBeNull();
		expect(stuck.obstacle).toContain("no two hosts have more memory for it. Add a larger host");
		const split = of({ inPlaceBytes: 256 * MIB, elsewhereBytes: 0 }, "cluster");
		expect(split.decision).toMatchObject({ to: { shards: 2, shardBytes: 256 * MIB } });
		const crowded = {
			inPlaceBytes: 256 * MIB,
			elsewhereBytes: 0,
			hosts: hostsWith(200 * MIB, 0, 0),
		};
		expect(of(crowded, "cluster").obstacle).toContain("or for another shard. Add a host");
	});

	it("of a cluster leaves room on its hosts for other shards, and takes it while slots move", () => {
		const busy = { load: load({ shardUsedBytes: 900 * MIB }), room: { ...WIDE, splitBytes: GIB } };
		const capacity = { shardBytes: GIB, shards: 1 };
		expect(decideCapacity(situation({ ...busy, capacity })).decision?.to).toEqual({
			...{ shardBytes: GIB, shards: 2 },
		});
		const moving = decideCapacity(situation({ ...busy, capacity, isResharding: true }));
		expect(moving.decision?.to).toEqual({ shardBytes: 2 * GIB, shards: 1 });
	});

	it("of a cluster that grows fast keeps what it needs on its hosts until slots have moved", () => {
		const of = (bytesPerSecond: number, inPlaceBytes: number) => {
			const hosts = [1, 1, 0].map((ownNodes) => ({ spareBytes: 1.5 * GIB, ownNodes }));
			const room = { ...WIDE, splitBytes: GIB, inPlaceBytes, hosts };
			const grown = load({ shardUsedBytes: 700 * MIB, bytesPerSecond });
			const capacity = { shardBytes: GIB, shards: 1 };
			return decideCapacity(situation({ load: grown, room, capacity })).decision?.to;
		};
		expect(of(10 * MIB, 2 * GIB)).toEqual({ shardBytes: GIB, shards: 2 });
		expect(of(100 * MIB, 2 * GIB)).toEqual({ shardBytes: 2 * GIB, shards: 1 });
		expect(of(100 * MIB, GIB)).toEqual({ shardBytes: GIB, shards: 2 });
	});

	it("says that it is near its maximum before it is full", () => {
		const at = (used: number, evictionPolicy: Situation["evictionPolicy"] = "noeviction") =>
			decideCapacity(
				situation({
					...{ limits: storage(null, 1), capacity: { shardBytes: GB, shards: 1 }, evictionPolicy },
					load: load({ shardUsedBytes: used * GB }),
				}),
			).obstacle;
		expect(at(0.8)).toBeNull();
		expect(at(0.9)).toContain("close to its storage maximum of 1 GB. Once it is full, writes fail");
		expect(at(0.99)).toContain("has reached its storage maximum of 1 GB: writes fail");
		expect(at(0.99, "volatile-ttl")).toContain("when none has, writes fail");
		expect(at(0.99, "allkeys-lru")).toContain("1 GB: it evicts keys (allkeys-lru). Raise");
	});
});

describe("limits", () => {
	it("take effect at once, in both directions", () => {
		const of = (limits: Limits, shardBytes: number) =>
			decideCapacity(situation({ limits, capacity: { shardBytes, shards: 1 } })).decision;
		expect(of(storage(4, null), FLOOR_BYTES)).toMatchObject({
			...{ to: { shardBytes: 4 * GB, shards: 1 }, trigger: "limits" },
		});
		expect(of(storage(null, 2), 8 * GIB)).toMatchObject({ to: { shardBytes: 2 * GB } });
		expect(of(NO_LIMITS, FLOOR_BYTES / 2)?.reason).toBe(
			"A client is connected: a shard in use has at least 0.25 GiB.",
		);
		const ecpu = { ...NO_LIMITS, ecpuPerSecond: { min: 250_000, max: null } };
		expect(of(ecpu, FLOOR_BYTES)).toMatchObject({ to: { shards: 3 }, trigger: "limits" });
	});

	it("that hosts can't serve are named", () => {
		const room = { ...WIDE, inPlaceBytes: FLOOR_BYTES, elsewhereBytes: 0, hosts: hostsWith() };
		expect(decideCapacity(situation({ limits: storage(4, null), room })).obstacle).toContain(
			"The storage minimum of 4 GB isn't reached",
		);
	});
});

describe("a cluster under load", () => {
	it("gets twice the shards, and then time to spread the load", () => {
		const hot = load({ cpuShare: 0.9 });
		expect(decideCapacity(situation({ load: hot })).decision).toMatchObject({
			...{ to: { shards: 2, shardBytes: FLOOR_BYTES }, trigger: "cpu" },
			reason: "Its engine uses 90% of a processor.",
		});
		const recent = { ...NEVER, shardsAt: NOW - 10_000 };
		expect(decideCapacity(situation({ load: hot, recent })).decision).toBeNull();
		const ecpus = load({ ecpuPerSecond: 90_000 });
		expect(decideCapacity(situation({ load: ecpus })).decision?.trigger).toBe("ecpu");
		expect(decideCapacity(situation({ load: hot, protocol: "standard" })).decision).toBeNull();
		const small = { load: hot, room: { ...WIDE, processors: 6 } };
		const at = (shards: number) =>
			decideCapacity(situation({ ...small, capacity: { shardBytes: FLOOR_BYTES, shards } }));
		expect(at(4).decision?.to.shards).toBe(6);
		expect(at(6)).toEqual({ decision: null, obstacle: null });
		const capacity = { shardBytes: FLOOR_BYTES, shards: 3 };
		const limited = decideCapacity(situation({ load: hot, capacity, limits: storage(null, 1) }));
		expect(limited.decision).toBeNull();
		expect(limited.obstacle).toContain("the storage maximum leaves too little for each");
	});

	it("gives shards back after a long calm, half of them at most", () => {
		const capacity = { shardBytes: GIB, shards: 8 };
		const at = (used: number, overrides: Partial<Situation> = {}) =>
			decideCapacity(situation({ capacity, load: calmLoad(used, 8), ...overrides })).decision;
		expect(at(100 * MIB)?.to).toEqual({ shardBytes: GIB, shards: 4 });
		const recent = { ...NEVER, changedAt: NOW - LONG_CALM_MS + 1 };
		expect(at(100 * MIB, { recent })?.to.shards ?? 8).toBe(8);
	});
});

/** Plays the policy against data that comes and goes, as its reports would show it. */
function play(
	limits: Limits,
	protocol: "cluster" | "standard",
	steps: readonly { seconds: number; usedBytes: number; cpuShare: number }[],
) {
	let now = NOW;
	let capacity: ShardCapacity = { shardBytes: boundsOf(limits, 1).minBytes, shards: 1 };
	let recent = NEVER;
	const history: { at: number; usedBytes: number; cpuShare: number }[] = [];
	const moves: { at: number; to: ShardCapacity; trigger: string; shardUsedBytes: number }[] = [];
	const peak = (span: number) => {
		if (now - NOW < span) return null;
		const own = history.filter(({ at }) => at > now - span);
		const usedBytes = Math.max(...own.map((each) => each.usedBytes));
		const cpuShare = Math.max(...own.map((each) => each.cpuShare));
		return { usedBytes, shardUsedBytes: usedBytes / capacity.shards, cpuShare, ecpuPerSecond: 0 };
	};
	for (const step of steps) {
		for (let second = 0; second < step.seconds; second += 15) {
			now += 15_000;
			const usedBytes = Math.min(step.usedBytes, capacity.shardBytes * capacity.shards);
			const cpuShare = step.cpuShare / capacity.shards;
			history.push({ at: now, usedBytes, cpuShare });
			if (history.length > LONG_CALM_MS / 15_000) history.shift();
			const now5 = {
				...{ shardUsedBytes: usedBytes / capacity.shards, usedBytes, cpuShare },
				...{
					bytesPerSecond: 0,
					ecpuPerSecond: 0,
					calm: peak(CALM_MS),
					longCalm: peak(LONG_CALM_MS),
				},
			};
			const { decision } = decideCapacity(
				situation({ now, protocol, limits, capacity, load: now5, recent }),
			);
			if (decision === null) continue;
			recent = remember(recent, capacity, decision, now);
			const { to, trigger } = decision;
			const shardUsedBytes = (peak(CALM_MS)?.usedBytes ?? usedBytes) / to.shards;
			moves.push({ at: now, to, trigger, shardUsedBytes });
			capacity = decision.to;
		}
	}
	return { capacity, moves };
}

const anyLimits = fc
	.record({
		min: fc.option(fc.integer({ min: 1, max: 40 })),
		max: fc.option(fc.integer({ min: 1, max: 40 })),
	})
	.filter(({ min, max }) => min === null || max === null || min <= max)
	.map(({ min, max }) => storage(min, max));
const anyProtocol = fc.constantFrom("cluster" as const, "standard" as const);
const anySteps = fc.array(
	fc.record({
		seconds: fc.integer({ min: 5, max: 900 }),
		usedBytes: fc.oneof(fc.constant(MIB), fc.integer({ min: MIB, max: 30 * GIB })),
		cpuShare: fc.double({ min: 0, max: 4, noNaN: true }),
	}),
	{ maxLength: 12 },
);

describe("whatever happens", () => {
	it("a cache never has more than its maximum, or less than its minimum", () => {
		fc.assert(
			fc.property(anyLimits, anyProtocol, anySteps, (limits, protocol, steps) => {
				const { min, max } = limits.dataStorageGb;
				for (const { to } of play(limits, protocol, steps).moves) {
					const bytes = to.shardBytes * to.shards;
					if (max !== null) expect(bytes).toBeLessThanOrEqual(max * GB);
					// Where both are the same and the shards don't divide them, each shard lacks a part of a byte.
					if (min !== null) expect(bytes).toBeGreaterThan(min * GB - to.shards);
				}
			}),
			{ examples: [[storage(1, 1), "cluster", [{ seconds: 31, usedBytes: MIB, cpuShare: 1.4 }]]] },
		);
	});

	it("it moves down at most six times an hour, and up only as often as that and a few doublings allow", () => {
		fc.assert(
			fc.property(anyLimits, anyProtocol, anySteps, (limits, protocol, steps) => {
				const { moves } = play(limits, protocol, steps);
				for (const { at } of moves) {
					const hour = moves.filter((move) => move.at >= at && move.at < at + HOUR_MS);
					const down = hour.filter(({ trigger }) => trigger === "idle");
					expect(down.length).toBeLessThanOrEqual(SHRINKS_PER_HOUR);
					// From the floor to 64 GiB are eight doublings, to 90 shards are seven; a step down takes two back.
					expect(hour.length - down.length).toBeLessThanOrEqual(15 + 2 * SHRINKS_PER_HOUR);
				}
			}),
		);
	});

	it("what it gives back isn't needed at once, and it gives nothing back soon after another move", () => {
		fc.assert(
			fc.property(anyLimits, anyProtocol, anySteps, (limits, protocol, steps) => {
				const { moves } = play(limits, protocol, steps);
				for (const [index, { at, to, trigger, shardUsedBytes }] of moves.entries()) {
					if (trigger !== "idle") continue;
					const before = moves[index - 1];
					if (before !== undefined) expect(at - before.at).toBeGreaterThanOrEqual(CALM_MS);
					const isAtMaximum = to.shardBytes >= boundsOf(limits, to.shards).maxBytes;
					if (isAtMaximum) continue;
					expect(to.shardBytes - headroomOf(to.shardBytes)).toBeGreaterThanOrEqual(shardUsedBytes);
				}
			}),
		);
	});

	it("a constant load, of any size, comes to rest", () => {
		const anyLoad = fc.record({
			usedBytes: fc.integer({ min: MIB, max: 30 * GIB }),
			cpuShare: fc.double({ min: 0, max: 3, noNaN: true }),
		});
		fc.assert(
			fc.property(anyLimits, anyProtocol, anyLoad, (limits, protocol, constant) => {
				const { moves, capacity } = play(limits, protocol, [
					{ seconds: 1_800, usedBytes: MIB, cpuShare: 0 },
					{ ...constant, seconds: 2 * 3_600 },
				]);
				const late = moves.filter(({ at }) => at > NOW + 1.5 * HOUR_MS);
				expect(late).toEqual([]);
				const used = Math.min(constant.usedBytes, (limits.dataStorageGb.max ?? 40) * GB);
				const free = capacity.shardBytes - used / capacity.shards;
				const isAtMaximum = capacity.shardBytes >= boundsOf(limits, capacity.shards).maxBytes;
				if (!isAtMaximum)
					expect(free).toBeGreaterThanOrEqual(headroomOf(capacity.shardBytes) - MIB);
			}),
			{ numRuns: 40 },
		);
	});

	it("no more shards are asked for than fit, each on two hosts", () => {
		expect(fittingShards({ ...WIDE, hosts: hostsWith(4, 1, 1) }, 1, 9)).toBe(2);
		expect(fittingShards({ ...WIDE, hosts: hostsWith(2, 2) }, 1, 9)).toBe(2);
		expect(fittingShards({ ...WIDE, hosts: hostsWith(4) }, 1, 9)).toBe(2);
		expect(fittingShards({ ...WIDE, hosts: hostsWith() }, 1, 9)).toBe(0);
	});
});
