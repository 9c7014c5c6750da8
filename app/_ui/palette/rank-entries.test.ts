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

	it("offers everything without a query", () => {
		expect(titles("  ")).toHaveLength(ENTRIES.length);
	});

	it("answers at once for far more than are loaded", () => {
		const many = Array.from(
			{ length: 2_000 },
			(_, i): Searchable => ({
				group: "Caches",
				title: `tenant-${i}`,
			}),
		);
		const startedAt = performance.now();
		rankEntries([...ENTRIES, ...many], "tenant-77");
		expect(performance.now() - startedAt).toBeLessThan(100);
	});
});
