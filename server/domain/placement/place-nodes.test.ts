import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCacheInputSchema } from "../../contract/create-cache.ts";
import { GIB } from "../../contract/limits.ts";
import { placeNodes } from "./place-nodes.ts";
import type { PlacementHost, PlacementRequest } from "./request.ts";

const host = (
	name: string,
	zone: string,
	{ freeGib = 8, cpus = 8, usedPorts = [] as number[] } = {},
): PlacementHost => ({
	id: `id-${name}`,
	name,
	zone,
	freeMemoryBytes: freeGib * GIB,
	freeCpuMillis: cpus * 1_000,
	usedPorts: new Set(usedPorts),
});

const request = (overrides: Partial<PlacementRequest>): PlacementRequest => ({
	purpose: "creation",
	hosts: [host("h1", "a"), host("h2", "b"), host("h3", "c")],
	shards: [3],
	nodeMemoryBytes: GIB / 2,
	nodeCpuMillis: 200,
	multiAz: false,
	zones: null,
	portRange: { first: 17_000, last: 17_100 },
	alternatives: [],
	...overrides,
});

function placed(overrides: Partial<PlacementRequest>) {
	const asked = request(overrides);
	const result = placeNodes(asked);
	if (!result.ok) throw new Error(result.reason);
	const zoneOf = (hostId: string) => asked.hosts.find(({ id }) => id === hostId)?.zone ?? "";
	return result.shards.map((shard) =>
		shard.map((placement) => ({ ...placement, zone: zoneOf(placement.hostId) })),
	);
}

function refused(overrides: Partial<PlacementRequest>): string {
	const result = placeNodes(request(overrides));
	if (result.ok) throw new Error("was placed");
	return result.reason;
}

describe("placement", () => {
	it("puts the primary and its replicas in different zones", () => {
		const [shard] = placed({});
		expect(new Set(shard?.map((p) => p.zone))).toEqual(new Set(["a", "b", "c"]));
	});

	it("starts on the host with the most room", () => {
		const hosts = [1, 4, 2].map((freeGib, i) => host(`h${i}`, "abc"[i] ?? "", { freeGib }));
		expect(placed({ hosts, shards: [1] })[0]?.[0]?.hostId).toBe("id-h1");
	});

	it("shares a host only when there are more nodes than hosts, and then on another port", () => {
		const [shard = []] = placed({ shards: [4] });
		expect(new Set(shard.map((p) => `${p.hostId}:${p.port}`)).size).toBe(4);
		expect(new Set(shard.map((p) => p.hostId)).size).toBe(3);
	});

	it("spreads the primaries of a cluster so that no zone holds most of them", () => {
		const shards = placed({ shards: [2, 2, 2] });
		expect(new Set(shards.map((shard) => shard[0]?.zone)).size).toBe(3);
		for (const [primary, replica] of shards) expect(replica?.zone).not.toBe(primary?.zone);
		const zones = shards.flat().map((p) => p.zone);
		for (const zone of ["a", "b", "c"]) expect(zones.filter((z) => z === zone)).toHaveLength(2);
	});

	it("takes turns among the zones that were asked for, and uses no others", () => {
		const [shard] = placed({ shards: [4], zones: ["c", "a"] });
		expect(shard?.map((p) => p.zone)).toEqual(["c", "a", "c", "a"]);
		expect(refused({ zones: ["d"] })).toContain("No host is online in zone d");
	});

	it("gives each host's lowest free ports", () => {
		const hosts = [host("h1", "a", { usedPorts: [17_000] }), host("h2", "b"), host("h3", "c")];
		const [shard] = placed({ hosts });
		expect(new Map(shard?.map((p) => [p.hostId, p.port]))).toEqual(
			new Map([
				["id-h1", 17_001],
				["id-h2", 17_000],
				["id-h3", 17_000],
			]),
		);
	});

	it("says what to do when there is no host, no second zone, no room, or no port", () => {
		expect(refused({ hosts: [] })).toContain("No host that accepts nodes is online");
		const oneZone = [host("h1", "a"), host("h2", "a")];
		expect(refused({ hosts: oneZone, multiAz: true })).toContain("two zones");
		expect(refused({ nodeMemoryBytes: 9 * GIB })).toContain("No capacity");
		const halfFull = [host("h1", "a"), host("h2", "b", { freeGib: 0 })];
		expect(refused({ hosts: halfFull, shards: [2], multiAz: true })).toContain(
			"only zone a has it",
		);
		const full = [host("h1", "a", { usedPorts: [17_000] })];
		expect(refused({ hosts: full, portRange: { first: 17_000, last: 17_000 } })).toContain(
			"No node port",
		);
	});

	it("names what is short and what would fit instead", () => {
		const small = { name: "cache.t4g.micro", memoryBytes: GIB / 2, cpuMillis: 200 };
		const reason = refused({
			nodeMemoryBytes: 2 * GIB,
			shards: [3, 3, 3, 3, 3],
			alternatives: [small],
		});
		expect(reason).toContain("15 nodes of 2 GiB and 0.2 vCPUs wanted, room for 12");
		expect(reason).toContain("choose cache.t4g.micro, which would fit");
		expect(reason).toContain("ask for at most 12 nodes");
		expect(refused({ nodeCpuMillis: 9_000 })).toContain("8 vCPUs: none");
	});
});

describe("any legal request", () => {
	const arbitraryHost = fc.record({
		zone: fc.constantFrom("a", "b", "c"),
		freeGib: fc.integer({ min: 0, max: 6 }),
		cpus: fc.integer({ min: 1, max: 6 }),
		usedPorts: fc.uniqueArray(fc.integer({ min: 17_000, max: 17_004 })),
	});
	const arbitraryTopology = fc.oneof(
		fc.record({
			clusterMode: fc.constant("enabled" as const),
			shards: fc.integer({ min: 1, max: 7 }),
			replicasPerShard: fc.integer({ min: 0, max: 3 }),
			multiAz: fc.boolean(),
		}),
		fc.record({ replicasPerShard: fc.integer({ min: 0, max: 5 }), multiAz: fc.boolean() }),
		fc.record({
			engine: fc.constant("memcached" as const),
			nodes: fc.integer({ min: 1, max: 12 }),
			multiAz: fc.boolean(),
		}),
	);

	it("is placed within the rules of spread, or refused with a reason", () => {
		fc.assert(
			fc.property(
				fc.array(arbitraryHost, { minLength: 1, maxLength: 7 }),
				arbitraryTopology,
				(specs, topology) => {
					const parsed = createCacheInputSchema.safeParse({ name: "orders", ...topology });
					if (!parsed.success) {
						// Refused before anything is placed, with the field at fault.
						expect(parsed.error.issues[0]?.path.length).toBe(1);
						return;
					}
					const spec = parsed.data;
					const members = spec.nodes ?? spec.replicasPerShard + 1;
					const asked = request({
						hosts: specs.map((each, i) => host(`h${i}`, each.zone, each)),
						shards: Array.from({ length: spec.shards }, () => members),
						nodeMemoryBytes: GIB,
						nodeCpuMillis: 500,
						multiAz: spec.multiAz,
					});
					const result = placeNodes(asked);
					if (!result.ok) expect(result.reason.length).toBeGreaterThan(20);
					else checkPlacement(asked, result.shards);
				},
			),
			{ numRuns: 1_000 },
		);
	});
});

function checkPlacement(
	asked: PlacementRequest,
	shards: readonly (readonly { hostId: string; port: number }[])[],
) {
	const hosts = new Map(asked.hosts.map((each) => [each.id, each]));
	const all = shards.flat();
	expect(shards.map((shard) => shard.length)).toEqual(asked.shards);
	expect(new Set(all.map((p) => `${p.hostId}:${p.port}`)).size).toBe(all.length);
	const load = (id: string) => all.filter((p) => p.hostId === id).length;
	const fits = (each: PlacementHost, nodes: number) =>
		nodes * asked.nodeMemoryBytes <= each.freeMemoryBytes &&
		nodes * asked.nodeCpuMillis <= each.freeCpuMillis;
	for (const { hostId, port } of all) {
		const target = hosts.get(hostId);
		expect(target?.usedPorts.has(port)).toBe(false);
		expect(target !== undefined && fits(target, load(hostId))).toBe(true);
	}
	for (const shard of shards) {
		const used = new Set(shard.map((p) => p.hostId));
		const doubled = used.size < shard.length;
		const unusedWithRoom = asked.hosts.some(
			(each) => !used.has(each.id) && fits(each, load(each.id) + 1),
		);
		expect(doubled && unusedWithRoom).toBe(false);
		const zones = new Set(shard.map((p) => hosts.get(p.hostId)?.zone));
		if (asked.multiAz) expect(zones.size).toBeGreaterThanOrEqual(2);
	}
}
