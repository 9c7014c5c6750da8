import { describe, expect, it } from "vitest";
import { EMPTY_DRAFT } from "./draft.ts";
import { parseDraft } from "./kept-draft.ts";

describe("a kept draft", () => {
	it("is what was typed", () => {
		const draft = { ...EMPTY_DRAFT, name: "orders", replicas: 2, zones: ["a"] };
		expect(parseDraft(JSON.stringify(draft))).toEqual(draft);
	});

	it("leaves out what no longer fits the form", () => {
		const text = JSON.stringify({ name: "orders", replicas: "two", zones: "a", gone: true });
		expect(parseDraft(text)).toEqual({ ...EMPTY_DRAFT, name: "orders" });
	});

	it.each([null, "null", "[]", "7"])("of %j is none, or an empty one", (text) => {
		expect([null, EMPTY_DRAFT]).toContainEqual(parseDraft(text));
	});
});
