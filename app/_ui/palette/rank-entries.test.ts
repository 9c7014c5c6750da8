import { describe, expect, it } from "vitest";
import { rankEntries, type Searchable } from "./rank-entries.ts";

const ENTRIES: Searchable[] = [
	{
		group: "Actions",
		title: "Create a Valkey cache",
		keywords: "new elasticache redis compatible leaderboard",
	},
	{ group: "Actions", title: "Add a host", keywords: "join agent machine server" },
	{ group: "Caches", title: "leaderboard-eu" },
	{ group: "Caches", title: "orders" },
	{ group: "Hosts", title: "local-a-1" },
	{ group: "Pages", title: "Hosts", keywords: "fleet capacity zones" },
];

function titles(query: string): string[] {
	return rankEntries(ENTRIES, query).flatMap(({ entries }) => entries.map(({ title }) => title));
}

describe("the palette", () => {
	it.each(["elasticache", "valkey", "redis", "create", "new cache", "create valkey"])(
		"finds the create action for %j first",
		(query) => expect(titles(query)[0]).toBe("Create a Valkey cache"),
	);

	it("puts a cache of that name before an action that only mentions the word", () => {
		expect(titles("leaderboard")).toEqual(["leaderboard-eu", "Create a Valkey cache"]);
	});

	it("finds parts of names", () => {
		expect(titles("eu")).toContain("leaderboard-eu");
		expect(titles("rder")).toEqual(["orders"]);
		expect(titles("local-a")).toEqual(["local-a-1"]);
	});

	it("needs every word", () => {
		expect(titles("orders zebra")).toEqual([]);
	});

	it("offers everything without a query, except the actions on single resources", () => {
		const reboot: Searchable = { group: "Actions", title: "Reboot orders", needsQuery: true };
		const offered = rankEntries([...ENTRIES, reboot], "  ").flatMap(({ entries }) => entries);
		expect(offered).toHaveLength(ENTRIES.length);
		expect(offered).not.toContain(reboot);
	});

	it.each([
		["redsi", "Create a Valkey cache"],
		["elasticahce", "Create a Valkey cache"],
		["leederboard", "leaderboard-eu"],
		["hsots", "Hosts"],
		["valkye create", "Create a Valkey cache"],
	])("finds what %j means", (query, title) => expect(titles(query)).toContain(title));

	it.each(["zz", "hots pages nowhere", "qqqqqq"])("finds nothing for %j", (query) =>
		expect(titles(query)).toEqual([]),
	);

	it.each(["tenant-77", "tenatn-77"])(
		"ranks %j quickly among far more entries than are loaded",
		(query) => {
			const many = Array.from(
				{ length: 2_000 },
				(_, i): Searchable => ({
					group: "Caches",
					title: `tenant-${i}`,
				}),
			);
			// The best of several runs, since other load on the machine only adds to the time.
			const times = Array.from({ length: 5 }, () => {
				const startedAt = performance.now();
				rankEntries([...ENTRIES, ...many], query);
				return performance.now() - startedAt;
			});
			expect(Math.min(...times)).toBeLessThan(100);
		},
	);
});
