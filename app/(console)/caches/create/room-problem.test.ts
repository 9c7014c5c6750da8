import { describe, expect, it } from "vitest";
import { exampleHost } from "../../../../server/contract/testing/examples.ts";
import { roomProblem } from "./room-problem.ts";

const size = { memoryBytes: 100, cpuMillis: 1_000 };

describe("a node type is marked", () => {
	it.each([
		["where a host has room", { memoryBytes: 100 }, null],
		["where no host is that large", { memoryBytes: 99 }, "larger than any host"],
		["where no host has so many processors", { memoryBytes: 100, cpus: 0 }, "larger than any host"],
		[
			"where the hosts are full",
			{ memoryBytes: 150, memoryAssignedBytes: 60 },
			"no host has room for one now",
		],
	])("%s", (_when, host, problem) => {
		expect(roomProblem(size, [exampleHost({ memoryBytes: 1 }), exampleHost(host)])).toBe(problem);
	});

	it("not while no host is known", () => expect(roomProblem(size, [])).toBeNull());
});
