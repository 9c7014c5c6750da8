import { beforeEach, expect, test, vi } from "vitest";
import { TestFleet } from "../testing/test-fleet.ts";
import { asRunning } from "../testing/test-host.ts";

let fleet: TestFleet;

beforeEach(async () => {
	fleet = await TestFleet.open();
	await fleet.create({});
});

/** The host that runs the cache's one node, and its reports. */
async function onlyNode() {
	for (const host of fleet.hosts) {
		const { revision, assignments } = await host.state();
		const [assignment] = assignments;
		if (assignment === undefined) continue;
		const seen = asRunning(assignment, 4_000);
		const report = (offset: number, changes: object = {}) => {
			const engineState = seen.engineState && { ...seen.engineState, offset };
			return host.report({ revision, observations: [{ ...seen, engineState, ...changes }] });
		};
		return { id: assignment.id, report };
	}
	throw new Error("no host has the node");
}

test("a report with only new offsets doesn't use the database, and any other is stored", async () => {
	const { resources } = fleet.test;
	const { id, report } = await onlyNode();
	await report(1_000);
	const readNodes = vi.spyOn(resources.db.node, "findMany");
	const readAbandoned = vi.spyOn(resources.db.abandonedNode, "findMany");
	await report(2_000);
	expect(resources.fleet.observation(id, null)?.engineState?.offset).toBe(2_000);
	expect(readNodes).not.toHaveBeenCalled();
	expect(readAbandoned).not.toHaveBeenCalled();
	await report(3_000, { phase: "exited", pid: null });
	expect(readNodes).toHaveBeenCalled();
	const stored = await resources.db.node.findUniqueOrThrow({ where: { id } });
	expect(stored.observation).toMatchObject({ phase: "exited" });
});
