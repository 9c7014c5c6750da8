import { expect, it } from "vitest";
import type { Host } from "../../server/contract/index.ts";
import { describeRemoval } from "./hosts/change.ts";
import { describeDrain } from "./hosts/drain.ts";
import { describeState } from "./hosts.ts";

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

it("a host's state says what it takes and loses", () => {
	expect(describeState(host())).toBe("online");
	expect(describeState(host({ cordoned: true }))).toBe("online, cordoned");
	expect(describeState(host({ cordoned: true, draining: true }))).toBe("online, draining");
	expect(describeState(host({ cordoned: true, draining: true, nodeCount: 0 }))).toBe(
		"online, drained",
	);
	expect(describeState(host({ status: "offline", lost: true }))).toBe("offline, lost");
});

it("a drain says what is left, and then what can be done with the host", () => {
	expect(describeDrain(host())).toContain("h1 has 2 nodes still to be moved");
	expect(describeDrain(host({ nodeCount: 1 }))).toContain("h1 has 1 node still");
	expect(describeDrain(host({ nodeCount: 0 }))).toContain("larder hosts remove h1");
});

it("a removal says whether the host is gone already", () => {
	expect(describeRemoval(host({ nodeCount: 0 }))).toBe("h1 is removed.");
	expect(describeRemoval(host({ lost: true }))).toContain("places of its 2 nodes");
});
