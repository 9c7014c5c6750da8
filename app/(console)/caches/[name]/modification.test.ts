import { describe, expect, it } from "vitest";
import type { Cache } from "../../../../server/contract/cache.ts";
import { differences, toModifyDraft } from "./modification.ts";

const CACHE = {
	name: "orders",
	description: "open orders",
	deletionProtection: false,
	parameterGroup: { name: "default.valkey9", status: "in-sync" },
	tags: { team: "shop", cost: "7" },
} as unknown as Cache;

describe("a modification", () => {
	it("of nothing asks for nothing", () => {
		expect(differences(CACHE, toModifyDraft(CACHE))).toEqual({ changes: {}, list: [] });
	});

	it("names only what differs, with what it was and what it does", () => {
		const draft = { ...toModifyDraft(CACHE), deletionProtection: true, description: "" };
		const { changes, list } = differences(CACHE, draft);
		expect(changes).toEqual({ description: "", deletionProtection: true });
		expect(list.map(({ field, from, to }) => [field, from, to])).toEqual([
			["Description", "open orders", "none"],
			["Deletion protection", "off", "on"],
		]);
	});

	it("of tags sends all of them, as they replace each other, and ignores their order", () => {
		const draft = toModifyDraft(CACHE);
		expect(differences(CACHE, { ...draft, tags: [...draft.tags].reverse() }).list).toEqual([]);
		const more = [...draft.tags, { id: "x", key: "env", value: "prod" }];
		expect(differences(CACHE, { ...draft, tags: more }).changes).toEqual({
			tags: { team: "shop", cost: "7", env: "prod" },
		});
	});
});
