import { expect, test } from "vitest";
import type { Observation } from "../../contract/host-report.ts";
import { isServing } from "./node-health.ts";
import { planReplacements } from "./plan-replacements.ts";
import { cache, healthy, node, running } from "./testing/models.ts";

const keepsEnding: Partial<Observation> = {
	phase: "exited",
	reason: { code: "keeps-ending", message: "engine process 7 ended (exit code 1)" },
};

test("a node that keeps exiting is replaced by a copy of the primary", () => {
	const [primary, replica] = healthy();
	if (primary === undefined || replica === undefined) throw new Error("no nodes");
	const plan = planReplacements(cache([primary, node(2, keepsEnding)]));
	expect(plan.actions).toMatchObject([{ kind: "add-replacement", nodeId: "n2", empty: false }]);
	expect(planReplacements(cache([primary, replica])).actions).toEqual([]);
});

test("a replacement that keeps exiting too isn't replaced in turn, or removed", () => {
	const [primary] = healthy();
	if (primary === undefined) throw new Error("no primary");
	const again = node(3, keepsEnding, { replacesNodeId: "n2" });
	expect(planReplacements(cache([primary, node(2, keepsEnding), again])).actions).toEqual([]);
});

test("a node with the only copy stays where it is, and the status says why", () => {
	const plan = planReplacements(cache([node(1, keepsEnding)]));
	expect(plan.actions).toEqual([]);
	expect(plan.reasons.join()).toContain("keeps exiting within seconds of starting");
	expect(plan.reasons.join()).toContain("exit code 1");
});

test("an engine that identifies itself as another node doesn't serve as this one", () => {
	const cluster = { nodeId: "", ok: true, view: "v", primaryNodeId: null, slots: "0-16383" };
	const engine = node(1, running("primary", { cluster }));
	expect(isServing(engine)).toBe(true);
	expect(isServing({ ...engine, clusterNodeId: "another" })).toBe(false);
});
