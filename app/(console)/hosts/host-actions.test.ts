import { expect, it } from "vitest";
import type { Host } from "../../../server/contract/host.ts";
import { hostActions, isGivenUp } from "./host-actions.ts";

function host(overrides: Partial<Host> = {}): Host {
	return {
		id: "1",
		name: "h1",
		zone: "a",
		address: "127.0.0.1",
		status: "online",
		statusReason: null,
		lastSeenAt: null,
		joinedAt: "2026-01-01T00:00:00.000Z",
		agentVersion: "1",
		cpus: 2,
		memoryBytes: 1,
		memoryAssignedBytes: 0,
		cpuMillisAssigned: 0,
		limits: "none",
		gateway: { status: "running", reason: null },
		sentinel: { status: "off", reason: null },
		cordoned: false,
		draining: false,
		lost: false,
		nodeCount: 2,
		engines: [],
		...overrides,
	};
}

/** Labels of the actions, with the reason of those that can't be taken. */
const menu = (overrides: Partial<Host>) =>
	hostActions(host(overrides), () => undefined).map(({ label, obstacle }) =>
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
	expect(menu({ status: "offline" })[1]).toContain("Remove it if it won't come back");
	expect(menu({ status: "offline" })[2]).toBe("Remove");
	expect(isGivenUp(host({ status: "offline" }))).toBe(true);
	expect(isGivenUp(host({ status: "offline", nodeCount: 0 }))).toBe(false);
	expect(isGivenUp(host())).toBe(false);
});
