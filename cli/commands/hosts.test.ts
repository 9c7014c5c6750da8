import { expect, it } from "vitest";
import { exampleHost } from "../../server/contract/testing/examples.ts";
import { describeRemoval } from "./hosts/change.ts";
import { describeDrain } from "./hosts/drain.ts";
import { describeState } from "./hosts.ts";

it("a host's state says what it takes and loses", () => {
	expect(describeState(exampleHost())).toBe("online");
	expect(describeState(exampleHost({ cordoned: true }))).toBe("online, cordoned");
	expect(describeState(exampleHost({ cordoned: true, draining: true }))).toBe("online, draining");
	expect(describeState(exampleHost({ cordoned: true, draining: true, nodeCount: 0 }))).toBe(
		"online, drained",
	);
	expect(describeState(exampleHost({ status: "offline", lost: true }))).toBe("offline, lost");
});

it("a drain says what is left, and then what can be done with the host", () => {
	expect(describeDrain(exampleHost())).toContain("h1 has 2 nodes still to be moved");
	expect(describeDrain(exampleHost({ nodeCount: 1 }))).toContain("h1 has 1 node still");
	expect(describeDrain(exampleHost({ nodeCount: 0 }))).toContain("larder hosts remove h1");
});

it("a removal says whether the host is gone already", () => {
	expect(describeRemoval(exampleHost({ nodeCount: 0 }))).toBe("h1 is removed.");
	expect(describeRemoval(exampleHost({ lost: true }))).toContain("places of its 2 nodes");
});
