import { describe, expect, it } from "vitest";
import { GIB } from "../../contract/limits.ts";
import { type DrainedCache, type DrainMember, type DrainRequest, planDrain } from "./plan-drain.ts";

const ZONES = ["a", "b", "c", "a"];
const host = (number: number, freeGib = 4) => ({
	id: `h${number}`,
	name: `h${number}`,
	zone: ZONES[number - 1] ?? "d",
	freeMemoryBytes: freeGib * GIB,
	freeCpuMillis: 4_000,
	usedPorts: new Set<number>(),
});
/** On h1, h2 …; the first leads. */
const shard = (name: string, ...hosts: number[]): DrainMember[] =>
	hosts.map((number, index) => ({
		nodeId: `${name}-${index + 1}`,
		hostId: `h${number}`,
		zone: ZONES[number - 1] ?? "d",
		leads: index === 0,
	}));
const cache = (...shards: DrainMember[][]): DrainedCache => ({
	nodeMemoryBytes: GIB,
	nodeCpuMillis: 500,
	zones: null,
	shards,
});
/** Drains h1, in zone a. */
const plan = (caches: DrainedCache[], overrides: Partial<DrainRequest> = {}) =>
	planDrain({
		from: { hostId: "h1", zone: "a" },
		hosts: [host(1), host(2), host(3)],
		caches,
		portRange: { first: 17_000, last: 17_099 },
		...overrides,
	});

describe("before a drain", () => {
	it("a node of a shard that is on every host has nowhere to go, and more room there doesn't help", () => {
		expect(plan([cache(shard("orders", 1, 2, 3))])).toEqual([
			{
				nodeId: "orders-1",
				toHostId: null,
				reason: expect.stringMatching(/already has a node of the same shard.*h2 .*h3/),
				remedy: "Add a host with 1 GiB and 0.5 vCPUs free, or uncordon one.",
			},
		]);
		expect(
			plan([cache(shard("orders", 1, 2, 3))], { hosts: [2, 3, 4].map((n) => host(n)) }),
		).toEqual([{ nodeId: "orders-1", toHostId: "h4" }]);
	});

	it("others go where there is room, though the host itself still accepts nodes", () => {
		expect(plan([cache(shard("orders", 1, 2)), cache(shard("carts", 3, 1))])).toEqual([
			{ nodeId: "orders-1", toHostId: "h3" },
			{ nodeId: "carts-2", toHostId: "h2" },
		]);
	});

	it("room that one node takes isn't there for the next", () => {
		const outcome = plan([cache(shard("one", 1), shard("two", 1), shard("three", 1))], {
			hosts: [host(2, 1), host(3, 1)],
		});
		expect(outcome.map(({ toHostId }) => toHostId)).toEqual(["h2", "h3", null]);
		expect(outcome[2]).toMatchObject({
			reason: expect.stringContaining("No capacity"),
			remedy: expect.stringContaining("delete caches on h2 or h3"),
		});
	});

	it("nodes of one shard that share the host part ways", () => {
		const hosts = plan([cache(shard("orders", 1, 1))]).map(({ toHostId }) => toHostId);
		expect(hosts.sort()).toEqual(["h2", "h3"]);
	});

	it("nodes stay in the zones that were asked for", () => {
		expect(plan([{ ...cache(shard("orders", 1)), zones: ["a"] }])).toMatchObject([
			{ toHostId: null, remedy: expect.stringContaining("Add a host in zone a") },
		]);
	});

	it("an empty host has nothing to move", () => {
		expect(plan([cache(shard("orders", 2, 3))])).toEqual([]);
	});
});
