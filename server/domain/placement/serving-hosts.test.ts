import { describe, expect, it } from "vitest";
import { SERVING_HOSTS, servingCandidates, servingHosts } from "./serving-hosts.ts";

interface Host {
	id: string;
	zone: string;
}

/** Fleets of 1 to 40 hosts in zones of different sizes, and caches with nodes on some of them: the same each time. */
const SCENES = Array.from({ length: 40 }, (_, index) => {
	const count = index + 1;
	const hosts = Array.from({ length: count }, (_each, number) => ({
		id: `host-${index}-${number}`,
		zone: `zone-${(number * number) % (1 + (index % 5))}`,
	}));
	const own = hosts.filter((_host, number) => number % 7 === index % 7).slice(0, index % 13);
	return { cacheId: `cache-${index}`, hosts, own: own.map(({ id }) => id) };
});

function chosen(scene: { cacheId: string; own: readonly string[] }, hosts: readonly Host[]) {
	const candidates = servingCandidates(hosts);
	return servingHosts({ ...scene, candidates }).map(({ id }) => id);
}

describe("the hosts that serve a cache", () => {
	it("are its own, and others up to ten in total; all hosts if there are no more", () => {
		for (const scene of SCENES) {
			const serving = chosen(scene, scene.hosts);
			const expected = Math.min(scene.hosts.length, Math.max(SERVING_HOSTS, scene.own.length));
			expect(new Set(serving).size).toBe(expected);
			expect(serving).toHaveLength(expected);
			expect(serving.slice(0, scene.own.length).sort()).toEqual(scene.own.toSorted());
		}
	});

	it("change by at most one when a host leaves or joins, whatever the order of the list", () => {
		const changes: number[] = [];
		for (const scene of SCENES) {
			const before = new Set(chosen(scene, scene.hosts));
			for (const gone of scene.hosts) {
				if (scene.own.includes(gone.id)) continue;
				const rest = scene.hosts.filter((host) => host !== gone);
				const after = chosen(scene, rest.toReversed());
				const added = after.filter((id) => !before.has(id));
				const removed = [...before].filter((id) => !after.includes(id));
				changes.push(Math.max(added.length, removed.length));
			}
		}
		expect(new Set(changes)).toEqual(new Set([0, 1]));
	});

	it("cover the zones evenly", () => {
		const hosts = Array.from({ length: 90 }, (_, index) => ({
			id: `h${index}`,
			zone: `z${Math.floor(index / 30)}`,
		}));
		for (let cache = 0; cache < 50; cache++) {
			const serving = chosen({ cacheId: `c${cache}`, own: ["h0"] }, hosts);
			const counts = ["z0", "z1", "z2"].map(
				(zone) => hosts.filter((host) => host.zone === zone && serving.includes(host.id)).length,
			);
			expect(counts.toSorted()).toEqual([3, 3, 4]);
		}
	});

	it("differ from cache to cache, so that each host serves about as many caches as any other", () => {
		const hosts = Array.from({ length: 100 }, (_, index) => ({ id: `h${index}`, zone: "z" }));
		const served = new Map<string, number>();
		for (let cache = 0; cache < 1_000; cache++) {
			for (const id of chosen({ cacheId: `c${cache}`, own: [] }, hosts)) {
				served.set(id, (served.get(id) ?? 0) + 1);
			}
		}
		expect(served.size).toBe(100);
		expect(Math.max(...served.values())).toBeLessThan(150);
		expect(Math.min(...served.values())).toBeGreaterThan(60);
	});
});
