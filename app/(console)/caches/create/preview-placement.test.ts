import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GIB } from "../../../../server/contract/limits.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { previewPlacement } from "./preview-placement.ts";

const host = (name: string, zone: string, gib: number) => ({
	id: name,
	name,
	zone,
	freeMemoryBytes: gib * GIB,
	freeCpuMillis: 100_000,
});

type Request = Parameters<typeof previewPlacement>[0];

const preview = (change: Partial<Request>) =>
	previewPlacement({
		hosts: [host("a1", "a", 8), host("b1", "b", 8), host("c1", "c", 8)],
		shards: 1,
		nodesPerShard: 2,
		isMemcached: false,
		multiAz: false,
		nodeMemoryBytes: GIB / 2,
		nodeCpuMillis: 200,
		zones: [],
		formatBytes,
		...change,
	});

describe("the placement preview", () => {
	it("spreads a shard over zones before it looks at memory", () => {
		const hosts = [host("a1", "a", 10), host("a2", "a", 10), host("b1", "b", 1)];
		const { nodes, missing } = preview({ hosts });
		expect(nodes.map((node) => node.host.name)).toEqual(["a1", "b1"]);
		expect(missing).toBe(0);
	});

	it("spreads primaries over zones, and keeps each replica away from its primary", () => {
		const { nodes } = preview({ shards: 3 });
		const zoneOf = (role: string, shard: number) =>
			nodes.find((node) => node.role === role && node.shard === shard)?.host.zone;
		expect([0, 1, 2].map((shard) => zoneOf("primary", shard))).toEqual(["a", "b", "c"]);
		for (const shard of [0, 1, 2]) {
			expect(zoneOf("replica", shard)).not.toBe(zoneOf("primary", shard));
		}
	});

	it("keeps members of a shard on different hosts while another host has room", () => {
		const hosts = [host("a1", "a", 1), host("a2", "a", 8)];
		const { nodes } = preview({ hosts, shards: 2 });
		expect(nodes.map((node) => `${node.shard} ${node.host.name}`).sort()).toEqual([
			"0 a1",
			"0 a2",
			"1 a1",
			"1 a2",
		]);
	});

	it("never overfills a host, nor loses count of a node", () => {
		const arbitraryHost = fc.record({
			zone: fc.constantFrom("a", "b", "c"),
			gib: fc.integer({ min: 0, max: 4 }),
		});
		fc.assert(
			fc.property(
				fc.array(arbitraryHost, { minLength: 1, maxLength: 6 }),
				fc.integer({ min: 1, max: 6 }),
				fc.integer({ min: 1, max: 4 }),
				(arbitrary, shards, nodesPerShard) => {
					const hosts = arbitrary.map(({ zone, gib }, index) => host(`h${index}`, zone, gib));
					const { nodes, roomLeft, missing } = preview({ hosts, shards, nodesPerShard });
					expect(nodes.length + missing).toBe(shards * nodesPerShard);
					for (const { bytes } of roomLeft) expect(bytes).toBeGreaterThanOrEqual(0);
					for (const { id, freeMemoryBytes } of hosts) {
						const own = nodes.filter((node) => node.host.id === id).length;
						expect(own * (GIB / 2)).toBeLessThanOrEqual(freeMemoryBytes);
					}
				},
			),
		);
	});

	it("takes turns among the requested zones", () => {
		const { nodes } = preview({ isMemcached: true, nodesPerShard: 4, zones: ["c", "a"] });
		expect(nodes.map((node) => node.host.zone)).toEqual(["c", "a", "c", "a"]);
		expect(nodes.every((node) => node.role === "node")).toBe(true);
	});

	it("says how much room is left, how many nodes found none, and what each zone lacks", () => {
		const result = preview({
			hosts: [host("a1", "a", 1), host("b1", "b", 0.25)],
			nodesPerShard: 3,
		});
		expect(result.nodes).toHaveLength(2);
		expect(result.missing).toBe(1);
		expect(result.roomLeft).toEqual([
			{ zone: "a", bytes: 0, nodes: 2 },
			{ zone: "b", bytes: 0.25 * GIB, nodes: 0 },
		]);
		expect(result.shortage).toBe(
			"It needs 3 nodes of 512 MiB and 0.2 vCPUs, but there is no room for 1 of them. Room for: a 2, b none (at most 256 MiB free on a host).",
		);
		expect(preview({ hosts: [] }).shortage).toBe("No host is online.");
	});

	it("counts processors as well as memory", () => {
		const busy = { ...host("a1", "a", 8), freeCpuMillis: 100 };
		const { missing, shortage } = preview({ hosts: [busy], nodesPerShard: 1 });
		expect(missing).toBe(1);
		expect(shortage).toContain("a none (at most 0.1 vCPUs free on a host)");
	});

	it("says when Multi-AZ finds room in only one zone", () => {
		const hosts = [host("a1", "a", 8), host("b1", "b", 0)];
		expect(preview({ hosts }).shortage).toBeNull();
		expect(preview({ hosts, multiAz: true }).shortage).toContain("Multi-AZ needs two zones");
	});

	it("answers at once for the largest cache", () => {
		const hosts = Array.from({ length: 100 }, (_, i) => host(`h${i}`, `z${i % 3}`, 999));
		// The fastest of three, because other programs may hold the processor up.
		const times = Array.from({ length: 3 }, () => {
			const startedAt = performance.now();
			expect(preview({ hosts, shards: 500, nodesPerShard: 6 }).missing).toBe(0);
			return performance.now() - startedAt;
		});
		expect(Math.min(...times)).toBeLessThan(1_000);
	});
});
