import { expect, it } from "vitest";
import { exampleHost } from "../../server/contract/testing/examples.ts";
import { describeRemoval } from "./hosts/change.ts";
import { describeClock, describeState, describeWarnings } from "./hosts/describe-host.ts";
import { describeDrain, describePreview, requirePlaces } from "./hosts/drain.ts";
import { describeHost } from "./hosts/show.ts";

it("a host's state says whether it accepts nodes, is being drained or is lost", () => {
	expect(describeState(exampleHost())).toBe("online");
	expect(describeState(exampleHost({ cordoned: true }))).toBe("online, cordoned");
	expect(describeState(exampleHost({ cordoned: true, draining: true }))).toBe("online, draining");
	expect(describeState(exampleHost({ cordoned: true, draining: true, nodeCount: 0 }))).toBe(
		"online, drained",
	);
	expect(describeState(exampleHost({ status: "offline", lost: true }))).toBe("offline, lost");
});

it("a drain says what is left, and then what can be done with the host", () => {
	expect(describeDrain(exampleHost())).toContain("h1 has 2 nodes still to move");
	expect(describeDrain(exampleHost({ nodeCount: 1 }))).toContain("h1 has 1 node still");
	expect(describeDrain(exampleHost({ nodeCount: 0 }))).toContain("larder hosts remove h1");
});

it("a removal says whether the host is gone already", () => {
	expect(describeRemoval(exampleHost({ nodeCount: 0 }))).toBe(
		"Removed h1. Run `larder stop` on its machine to end its gateway and Sentinel.",
	);
	expect(describeRemoval(exampleHost({ lost: true }))).toContain("replacing its 2 nodes");
});

it("a host's clock is right, or off by a stated time", () => {
	const off = { clockAheadMs: 3_000, clockWarning: "The clock of h1 is 3.0 s ahead." };
	expect(describeClock(exampleHost())).toBe("in sync");
	expect(describeClock(exampleHost({ clockAheadMs: null }))).toBe("-");
	expect(describeClock(exampleHost(off))).toBe("3.0 s ahead");
	expect(describeClock(exampleHost({ clockAheadMs: -3_600_000 }))).toBe("3600.0 s behind");
	expect(describeState(exampleHost(off))).toBe("online, clock out of sync");
});

it("warnings appear below the list, each once with the names of its hosts", () => {
	const full = {
		...{ code: "disk-full", severity: "error" as const, title: "disk full" },
		...{ message: "The disk is full.", remedy: "Free some space.", command: null },
	};
	const overcommit = {
		...{ code: "overcommit-memory", severity: "info" as const, title: "memory overcommit limited" },
		...{ message: "It is 0.", remedy: "Set it to 1.", command: "sysctl -w it=1" },
	};
	const hosts = [
		exampleHost({ warnings: [full, overcommit] }),
		exampleHost({ name: "h2", warnings: [overcommit] }),
		exampleHost({ name: "h3" }),
	];
	expect(hosts.map(describeState)).toEqual(["online, disk full", "online", "online"]);
	expect(describeWarnings(hosts)).toEqual([
		"h1: The disk is full. Free some space.",
		"h1, h2: It is 0. Set it to 1. Command: sysctl -w it=1",
	]);
	expect(describeWarnings([exampleHost()])).toEqual([]);
});

it("a host is shown with each of its warnings", () => {
	const warning = {
		...{ code: "overcommit-memory", severity: "info" as const, title: "memory overcommit limited" },
		...{ message: "It is 0.", remedy: "Set it to 1.", command: "sysctl -w it=1" },
	};
	const clockWarning = "The clock of h1 is 3.0 s ahead.";
	const host = exampleHost({ clockWarning, statusReason: "Drained.", warnings: [warning] });
	expect(describeHost(host)).toMatch(/^Warning +The clock of h1 is 3\.0 s ahead\.$/m);
	expect(describeHost(host)).toMatch(/^Warning +It is 0\. Set it to 1\. Command: sysctl -w it=1$/m);
	expect(describeHost(host)).toMatch(/^Status +online, clock out of sync: Drained\.$/m);
	expect(describeHost(exampleHost())).not.toContain("Warning");
});

it("before a drain, nodes with nowhere to go are listed with the remedy, one line per reason", () => {
	const node = { cache: "orders", role: "replica" as const, losesData: false };
	const goes = { to: "h2", reason: null, remedy: null };
	const stays = { to: null, reason: "No host has room.", remedy: "Add one." };
	const nodes = [
		{ ...node, ...goes, node: "orders-001" },
		{ ...node, ...goes, node: "pages-001", role: "node" as const, losesData: true },
		{ ...node, ...stays, node: "orders-002" },
		{ ...node, ...stays, node: "orders-003" },
	];
	expect(describePreview({ host: "h1", nodes }).split("\n")).toEqual([
		"NODE        ROLE     GOES TO  DATA",
		"orders-001  replica  h2       kept",
		"pages-001   node     h2       lost",
		"orders-002  replica  nowhere  kept",
		"orders-003  replica  nowhere  kept",
		"",
		"orders-002, orders-003: No host has room. Add one.",
	]);
	expect(describePreview({ host: "h1", nodes: [] })).toBe("h1 has no node to move.");
	expect(() => requirePlaces({ host: "h1", nodes: nodes.slice(0, 2) })).not.toThrow();
	expect(() => requirePlaces({ host: "h1", nodes })).toThrow(
		"2 of 4 nodes on h1 have nowhere to go",
	);
	expect(() => requirePlaces({ host: "h1", nodes: nodes.slice(2, 3) })).toThrow(
		"The only node on h1 has nowhere to go",
	);
});
