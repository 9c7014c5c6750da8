import { expect, it } from "vitest";
import type { Host } from "../../../server/contract/host.ts";
import { exampleHost } from "../../../server/contract/testing/examples.ts";
import { hostActions, isGivenUp } from "./host-actions.ts";

/** Labels of the actions, with the reason if one can't be taken. */
const menu = (overrides: Partial<Host>) =>
	hostActions(exampleHost(overrides), () => undefined).map(({ label, obstacle }) =>
		obstacle == null ? label : `${label}: ${obstacle}`,
	);

it("a host that serves can be cordoned or drained, but not removed while it has nodes", () => {
	expect(menu({})).toEqual(["Cordon", "Drain", "Remove: It runs 2 nodes. Drain it first."]);
	expect(menu({ cordoned: true })[0]).toBe("Uncordon");
});

it("a drain can be stopped; once it is complete, the host can be removed", () => {
	const draining = { cordoned: true, draining: true };
	expect(menu(draining).slice(0, 2)).toEqual(["Stop draining", "Drain: It is being drained."]);
	expect(menu({ ...draining, nodeCount: 0 })).toEqual([
		"Uncordon",
		"Drain: It is already drained.",
		"Remove",
	]);
});

it("an offline host can't be drained; removing it gives up its nodes", () => {
	expect(menu({ status: "offline" })[1]).toContain("Remove the host if it won't come back");
	expect(menu({ status: "offline" })[2]).toBe("Remove");
	expect(isGivenUp(exampleHost({ status: "offline" }))).toBe(true);
	expect(isGivenUp(exampleHost({ status: "offline", nodeCount: 0 }))).toBe(false);
	expect(isGivenUp(exampleHost())).toBe(false);
});
