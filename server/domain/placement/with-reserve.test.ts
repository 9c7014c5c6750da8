import { expect, it } from "vitest";
import { GIB } from "../../contract/limits.ts";
import { placeNodes } from "./place-nodes.ts";
import type { PlacementHost } from "./request.ts";
import { withReserve } from "./with-reserve.ts";

it("new nodes leave the room that present ones may still need", () => {
	const hosts = ["a", "b", "c", "d"].map((id) => ({
		...{ id, name: id, zone: id, freeCpuMillis: 4_000, usedPorts: new Set<number>() },
		freeMemoryBytes: (id === "a" || id === "b" ? 6 : 4) * GIB,
	}));
	const place = (free: readonly PlacementHost[]) =>
		placeNodes({
			...{ purpose: "growth", hosts: free, shards: [0, 2], members: [[], []] },
			...{ nodeMemoryBytes: 3 * GIB, nodeCpuMillis: 200, multiAz: false, zones: null },
			...{ portRange: { first: 17_000, last: 17_099 }, alternatives: [] },
		});
	const idsOf = (free: readonly PlacementHost[]) => {
		const result = place(free);
		return result.ok ? result.shards.flat().map(({ hostId }) => hostId) : [];
	};
	expect(idsOf(hosts)).toEqual(["a", "b"]);
	expect(idsOf(withReserve(hosts, ["a", "b"], 4 * GIB))).toEqual(["c", "d"]);
	expect(idsOf(withReserve(hosts, ["a", "b", "c", "d"], 4 * GIB))).toEqual([]);
});
