import { describe, expect, it } from "vitest";
import { chooseSentinels } from "./choose-sentinels.ts";

const hosts = (count: number, zones: number) =>
	Array.from({ length: count }, (_, index) => ({
		id: `h${String(index).padStart(2, "0")}`,
		zone: `z${index % zones}`,
	}));

describe("which Sentinels watch a cache", () => {
	it.each([
		[1, 1],
		[2, 2],
		[3, 2],
		[4, 3],
		[5, 3],
	])("with %i hosts all of them, of which %i must agree", (count, quorum) => {
		const chosen = chooseSentinels({ cacheId: "c", own: [], hosts: hosts(count, 3) });
		expect(chosen).toEqual({ hosts: hosts(count, 3).map(({ id }) => id), quorum });
	});

	it("with many hosts five: the cache's own, and others spread over the zones", () => {
		const own = ["h00", "h03"]; // Both in z0.
		const chosen = chooseSentinels({ cacheId: "c", own, hosts: hosts(60, 3) });
		expect(chosen.hosts).toHaveLength(5);
		expect(chosen.hosts).toEqual(expect.arrayContaining(own));
		const zones = chosen.hosts.map((id) => Number(id.slice(1)) % 3);
		expect(zones.filter((zone) => zone === 0)).toHaveLength(2);
		expect(new Set(zones).size).toBe(3);
	});

	it("are the same ones each time, and others for another cache", () => {
		const choose = (cacheId: string) =>
			chooseSentinels({ cacheId, own: [], hosts: hosts(60, 3) }).hosts;
		expect(choose("one")).toEqual(choose("one"));
		expect(choose("one")).not.toEqual(choose("two"));
	});
});
