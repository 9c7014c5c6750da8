import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GIB } from "../../contract/limits.ts";
import { type PlacementHost, type PlacementRequest, placeNodes } from "./place-nodes.ts";

const host = (
	name: string,
	zone: string,
	freeGib = 8,
	usedPorts: number[] = [],
): PlacementHost => ({
	id: `id-${name}`,
	name,
	zone,
	freeMemoryBytes: freeGib * GIB,
	usedPorts: new Set(usedPorts),
});

const request = (overrides: Partial<PlacementRequest>): PlacementRequest => ({
	hosts: [host("h1", "a"), host("h2", "b"), host("h3", "c")],
	nodeCount: 3,
	nodeMemoryBytes: GIB / 2,
	multiAz: false,
	port: null,
	portRange: { first: 6379, last: 6479 },
	...overrides,
});

function placed(overrides: Partial<PlacementRequest>) {
	const result = placeNodes(request(overrides));
	if (!result.ok) throw new Error(result.reason);
	return result.placements;
}

function refused(overrides: Partial<PlacementRequest>): string {
	const result = placeNodes(request(overrides));
	if (result.ok) throw new Error("was placed");
	return result.reason;
}

describe("placement", () => {
	it("puts primary and replicas into different zones, all on one port", () => {
		const placements = placed({});
		expect(new Set(placements.map((p) => p.hostId)).size).toBe(3);
		expect(new Set(placements.map((p) => p.port))).toEqual(new Set([6379]));
	});

	it("starts on the host with the most room", () => {
		const hosts = [host("h1", "a", 1), host("h2", "b", 4), host("h3", "c", 2)];
		expect(placed({ hosts, nodeCount: 1 })[0]?.hostId).toBe("id-h2");
	});

	it("shares a host only when there are more nodes than hosts, and then on another port", () => {
		const placements = placed({ nodeCount: 4 });
		const keys = placements.map((p) => `${p.hostId}:${p.port}`);
		expect(new Set(keys).size).toBe(4);
		expect(new Set(placements.map((p) => p.hostId)).size).toBe(3);
	});

	it("gives the first port that is free on all chosen hosts", () => {
		const hosts = [host("h1", "a", 8, [6379]), host("h2", "b", 8, [6380]), host("h3", "c")];
		expect(placed({ hosts }).map((p) => p.port)).toEqual([6381, 6381, 6381]);
	});

	it("keeps to the port that the user named, for the primary", () => {
		const hosts = [host("h1", "a", 8, [7000]), host("h2", "b"), host("h3", "c")];
		const placements = placed({ hosts, port: 7000 });
		expect(placements[0]?.port).toBe(7000);
		expect(placements[0]?.hostId).not.toBe("id-h1");
	});

	it("says what to do when there is no host, no second zone, no room, or no port", () => {
		expect(refused({ hosts: [] })).toContain("No host is online");
		expect(refused({ hosts: [host("h1", "a"), host("h2", "a")], multiAz: true })).toContain(
			"two zones",
		);
		expect(refused({ nodeMemoryBytes: 9 * GIB })).toContain("No capacity");
		expect(
			refused({ hosts: [host("h1", "a"), host("h2", "b", 0)], nodeCount: 2, multiAz: true }),
		).toContain("only a has it");
		expect(refused({ hosts: [host("h1", "a", 8, [7000])], nodeCount: 1, port: 7000 })).toContain(
			"Port 7000",
		);
		expect(
			refused({ hosts: [host("h1", "a", 8, [6379])], portRange: { first: 6379, last: 6379 } }),
		).toContain("No client port");
	});

	it("never overfills a host, reuses a port, or stacks a shard while another host has room", () => {
		const arbitraryHost = fc.record({
			zone: fc.constantFrom("a", "b", "c"),
			freeGib: fc.integer({ min: 0, max: 4 }),
			usedPorts: fc.uniqueArray(fc.integer({ min: 6379, max: 6383 })),
		});
		fc.assert(
			fc.property(
				fc.array(arbitraryHost, { minLength: 1, maxLength: 6 }),
				fc.integer({ min: 1, max: 6 }),
				fc.boolean(),
				(specs, nodeCount, multiAz) => {
					const hosts = specs.map((spec, i) =>
						host(`h${i}`, spec.zone, spec.freeGib, spec.usedPorts),
					);
					const result = placeNodes(request({ hosts, nodeCount, multiAz, nodeMemoryBytes: GIB }));
					if (!result.ok) {
						expect(result.reason.length).toBeGreaterThan(20);
						return;
					}
					expect(result.placements).toHaveLength(nodeCount);
					const counts = new Map<string, number>();
					for (const { hostId, port } of result.placements) {
						const target = hosts.find((candidate) => candidate.id === hostId);
						expect(target?.usedPorts.has(port)).toBe(false);
						counts.set(hostId, (counts.get(hostId) ?? 0) + 1);
					}
					for (const [hostId, count] of counts) {
						const target = hosts.find((candidate) => candidate.id === hostId);
						expect(count * GIB).toBeLessThanOrEqual(target?.freeMemoryBytes ?? 0);
					}
					const keys = result.placements.map((p) => `${p.hostId}:${p.port}`);
					expect(new Set(keys).size).toBe(nodeCount);
					const zones = new Set(
						result.placements.map((p) => hosts.find((h) => h.id === p.hostId)?.zone),
					);
					if (multiAz) expect(zones.size).toBeGreaterThanOrEqual(2);
					// Spread: a zone with room that holds none while another holds two would be a mistake.
					const roomyZones = new Set(
						hosts.filter((h) => h.freeMemoryBytes >= GIB).map((h) => h.zone),
					);
					expect(zones.size).toBe(Math.min(nodeCount, roomyZones.size));
				},
			),
			{ numRuns: 500 },
		);
	});
});
