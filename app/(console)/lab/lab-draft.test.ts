import { expect, it } from "vitest";
import { draftOf, parseDraft } from "./lab-draft.ts";
import { PRESETS } from "./lab-words.ts";

it.each(PRESETS)("the preset $label is a request that the API takes", (preset) => {
	const parsed = parseDraft(draftOf(preset, "orders"));
	expect(parsed.success).toBe(true);
	expect(parsed.data?.workload).toMatchObject(preset.workload);
});

it("an empty pace means as fast as possible, and what isn't a number is refused with its field", () => {
	const [preset] = PRESETS;
	if (preset === undefined) throw new Error("no preset");
	const draft = draftOf(preset, "orders");
	const pace = parseDraft({ ...draft, workload: { ...draft.workload, operationsPerSecond: "" } });
	expect(pace.data?.workload.operationsPerSecond).toBeNull();
	const bad = parseDraft({ ...draft, workload: { ...draft.workload, keys: "many" } });
	expect(bad.error?.issues.map(({ path }) => path)).toEqual([["workload", "keys"]]);
});
