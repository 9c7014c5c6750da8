import { describe, expect, it } from "vitest";
import { chooseSentinels, sentinelQuorum } from "./choose-sentinels.ts";

const serving = (count: number, zones = 3) =>
	Array.from({ length: count }, (_, index) => ({ id: `h${index}`, zone: `z${index % zones}` }));

describe("which Sentinels watch a cache", () => {
	it.each([
		[1, 1],
		[2, 2],
		[3, 2],
		[4, 3],
		[5, 3],
	])("with %i hosts, all of them; %i must agree", (count, quorum) => {
		const chosen = chooseSentinels({ serving: serving(count), own: [], held: [] });
		expect(chosen).toEqual(serving(count).map(({ id }) => id));
		expect(sentinelQuorum(chosen.length)).toBe(quorum);
	});

	it("with more hosts, five: the cache's own, and others spread over the zones", () => {
		const own = ["h0", "h3"]; // Both in z0.
		const chosen = chooseSentinels({ serving: serving(10), own, held: [] });
		expect(chosen).toHaveLength(5);
		expect(chosen).toEqual(expect.arrayContaining(own));
		const zones = chosen.map((id) => Number(id.slice(1)) % 3);
		expect(zones.filter((zone) => zone === 0)).toHaveLength(2);
		expect(new Set(zones).size).toBe(3);
	});

	it("a choice stays while its hosts serve the cache, and only one that left is replaced", () => {
		const held = ["h4", "h5", "h6", "h7", "h8"];
		const among = serving(10);
		expect(chooseSentinels({ serving: among, own: ["h4"], held })).toEqual(held);
		const without = among.filter(({ id }) => id !== "h5");
		const after = chooseSentinels({ serving: without, own: ["h4"], held });
		expect(after.filter((id) => held.includes(id))).toEqual(["h4", "h6", "h7", "h8"]);
		expect(after).toHaveLength(5);
		// A node that moved brings its host, at the cost of one that has no node.
		const moved = chooseSentinels({ serving: among, own: ["h0"], held });
		expect(moved).toContain("h0");
		expect(moved.filter((id) => held.includes(id))).toHaveLength(4);
	});
});
