import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spreadNodes } from "../../contract/spread-nodes.ts";
import type { CacheModel, HostModel, NodeModel } from "./model.ts";
import { moveForBalance } from "./node-balance.ts";
import { CALM, cache, host, node, running } from "./testing/models.ts";
import type { FleetRoom } from "./zone-spread.ts";

function fleet(zones: readonly string[]): HostModel[] {
	return zones.map((zone, index) => host(index, { zone }));
}

/** Each shard's nodes by the index of their host, the primary first. */
function clusterOn(
	hosts: readonly HostModel[],
	shards: readonly (readonly number[])[],
): CacheModel {
	let number = 0;
	const models = shards.map((members, index) => {
		const nodes = members.map((at, member) =>
			node(number++, running(member === 0 ? "primary" : "replica"), {
				host: hosts[at] ?? host(at),
			}),
		);
		const primaryNodeId = nodes[0]?.id ?? null;
		return { ...CALM, id: `s${index}`, index, slots: null, primaryNodeId, nodes };
	});
	return { ...cache([]), shards: models };
}

const room = (hosts: readonly HostModel[], overrides: Partial<FleetRoom> = {}): FleetRoom => ({
	openHosts: hosts,
	keepZones: false,
	problems: new Map(),
	tight: new Set<string>(),
	...overrides,
});

/** Repeats moves until none is worth it. */
function settle(model: CacheModel, given: FleetRoom): { model: CacheModel; moves: NodeModel[] } {
	const moves: NodeModel[] = [];
	let current = model;
	for (;;) {
		const move = moveForBalance(current, given);
		if (move === null) return { model: current, moves };
		moves.push(move.node);
		if (moves.length > 100) throw new Error("moves never end");
		const target = given.openHosts.find(({ id }) => id === move.hostIds.at(-1));
		if (target === undefined) throw new Error("no such host");
		current = {
			...current,
			shards: current.shards.map((shard) => ({
				...shard,
				nodes: shard.nodes.map((each) =>
					each.id === move.node.id ? { ...each, host: { ...each.host, ...target } } : each,
				),
			})),
		};
	}
}

const countOn = (model: CacheModel, hosts: readonly HostModel[]) =>
	hosts.map(
		({ id }) =>
			model.shards.flatMap(({ nodes }) => nodes).filter((each) => each.host.id === id).length,
	);

describe("nodes after a host has come back", () => {
	const hosts = fleet(["a", "b", "c"]);
	const gathered = clusterOn(hosts, [
		[0, 1],
		[1, 0],
		[0, 1],
	]);

	it("move to it one after another, only replicas, until it has its share", () => {
		const { model, moves } = settle(gathered, room(hosts));
		expect(moves).toHaveLength(2);
		expect(countOn(model, hosts)).toEqual([2, 2, 2]);
		for (const { nodes } of gathered.shards) expect(moves).not.toContain(nodes[0]);
	});

	it("first leave a host that they share with another node of their shard", () => {
		const sharing = clusterOn(hosts, [[0, 1, 0]]);
		expect(moveForBalance(sharing, room(hosts))).toMatchObject({
			node: { id: "n2" },
			hostIds: ["h2"],
		});
	});

	it("stay where a move would only swap one host for another, or no host is open", () => {
		expect(moveForBalance(clusterOn(hosts, [[0, 1]]), room(hosts))).toBeNull();
		expect(moveForBalance(gathered, room([]))).toBeNull();
	});

	it("stay in the zones that the user chose, and Memcached's never move", () => {
		expect(moveForBalance(gathered, room(hosts, { keepZones: true }))).toBeNull();
		expect(moveForBalance({ ...gathered, engine: "memcached" }, room(hosts))).toBeNull();
	});

	it("let others go first if one found no room", () => {
		const first = moveForBalance(gathered, room(hosts))?.node.id ?? "";
		const problems = new Map([[first, "No capacity"]]);
		const next = moveForBalance(gathered, room(hosts, { problems }));
		expect(next?.node.id).not.toBe(first);
	});
});

describe("whatever the fleet", () => {
	const zone = fc.constantFrom("a", "b", "c", "d");
	const shape = fc.record({
		zones: fc.array(zone, { minLength: 2, maxLength: 7 }),
		shards: fc.integer({ min: 1, max: 8 }),
		members: fc.integer({ min: 1, max: 4 }),
	});

	it("moves end, and no shard is worse than before", () => {
		const places = fc.array(fc.nat({ max: 6 }), { minLength: 32, maxLength: 32 });
		fc.assert(
			fc.property(shape, places, ({ zones, shards, members }, chosen) => {
				const hosts = fleet(zones);
				const at = (index: number) => (chosen[index] ?? 0) % hosts.length;
				const rows = Array.from({ length: shards }, (_, shard) =>
					Array.from({ length: members }, (_member, index) => at(shard * members + index)),
				);
				const before = clusterOn(hosts, rows);
				const { model } = settle(before, room(hosts));
				for (const [index, { nodes }] of model.shards.entries()) {
					const spread = (given: readonly NodeModel[]) =>
						new Set(given.map((each) => each.host.id)).size;
					expect(spread(nodes)).toBeGreaterThanOrEqual(spread(before.shards[index]?.nodes ?? []));
					expect(spread(nodes)).toBe(Math.min(members, hosts.length));
				}
			}),
			{ numRuns: 100 },
		);
	});

	it("a cache that was just placed in zones of equal size stays as it is", () => {
		const range = (from: number, to: number) =>
			Array.from({ length: to - from + 1 }, (_, index) => from + index);
		// The order of hosts' names across zones matters, so every order is tried.
		const orders = range(1, 4).flatMap((count) =>
			permutations(["a", "b", "c", "d"].slice(0, count)),
		);
		const restless: object[] = [];
		for (const names of orders) {
			for (const hostsEach of range(1, 3)) {
				const hosts = fleet(names.flatMap((name) => Array<string>(hostsEach).fill(name)));
				for (const shards of range(1, 8)) {
					for (const members of range(1, 4)) {
						const move = moveForBalance(justPlaced(hosts, shards, members), room(hosts));
						if (move !== null) restless.push({ names, hostsEach, shards, members });
					}
				}
			}
		}
		expect(restless).toEqual([]);
	});
});

function justPlaced(hosts: readonly HostModel[], shards: number, members: number): CacheModel {
	const placed = spreadNodes({
		hosts: hosts.map(({ id, name, zone }) => ({
			...{ id, name, zone, freeMemoryBytes: 1_000, freeCpuMillis: 1_000 },
		})),
		shards: Array.from({ length: shards }, () => members),
		...{ nodeMemoryBytes: 1, nodeCpuMillis: 1, multiAz: false, zones: null },
	});
	const rows = placed.shards.map((row) =>
		row.map((chosen) => hosts.findIndex(({ id }) => id === chosen?.id)),
	);
	return clusterOn(hosts, rows);
}

function permutations(names: readonly string[]): string[][] {
	if (names.length === 0) return [[]];
	return names.flatMap((first) =>
		permutations(names.filter((name) => name !== first)).map((rest) => [first, ...rest]),
	);
}
