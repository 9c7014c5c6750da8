import { expect, it } from "vitest";
import type { Host } from "../../../server/contract/host.ts";
import { exampleHost } from "../../../server/contract/testing/examples.ts";
import { hostActions, isGivenUp } from "./host-actions.ts";

/** Labels of the actions, with the reason of those that can't be taken. */
const menu = (overrides: Partial<Host>) =>
	hostActions(exampleHost(overrides), () => undefined).map(({ label, obstacle }) =>
		obstacle == null ? label : `${label}: ${obstacle}`,
	);

it("a host that serves is cordoned or drained, and can't be removed with nodes on it", () => {
	expect(menu({})).toEqual(["Cordon", "Drain", "Remove: It runs 2 nodes. Drain it first."]);
	expect(menu({ cordoned: true })[0]).toBe("Uncordon");
});

it("a drain can be stopped, and once it is through the host can be removed", () => {
	const draining = { cordoned: true, draining: true };
	expect(menu(draining).slice(0, 2)).toEqual(["Stop draining", "Drain: It is being drained."]);
	expect(menu({ ...draining, nodeCount: 0 })).toEqual([
		"Uncordon",
		"Drain: It is drained.",
		"Remove",
	]);
});

it("a host that is away can't be drained, and removing it with nodes gives them up", () => {
	expect(menu({ status: "offline" })[1]).toContain("Remove the host if it won't come back");
	expect(menu({ status: "offline" })[2]).toBe("Remove");
	expect(isGivenUp(exampleHost({ status: "offline" }))).toBe(true);
	expect(isGivenUp(exampleHost({ status: "offline", nodeCount: 0 }))).toBe(false);
	expect(isGivenUp(exampleHost())).toBe(false);
});
