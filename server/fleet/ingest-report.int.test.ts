import { randomUUID } from "node:crypto";
import { expect, it, vi } from "vitest";
import { observationSchema } from "../contract/host-report.ts";
import { AGENT_TIMING } from "../contract/limits.ts";
import { TestFleet } from "../testing/test-fleet.ts";
import { asRunning, enrollTestHost, type TestHost } from "../testing/test-host.ts";
import { openTestResources } from "../testing/test-resources.ts";

const events = (type: string) => [
	{
		...{ id: randomUUID(), at: "2026-01-01T00:00:00Z", severity: "info" as const },
		...{ type, message: "It happened.", assignmentId: null },
	},
];

it("a host's reports are stored in turn, without those that its agent no longer waits for", async () => {
	const test = await openTestResources();
	const { db, fleet, orders } = test.resources;
	const host = await enrollTestHost(test, "h1", "a");
	let release = () => {};
	const stalled = new Promise<void>((resolve) => {
		release = resolve;
	});
	vi.spyOn(orders, "quiet").mockImplementationOnce(() => stalled);
	const first = host.report({ events: events("first") });
	const given = host.report({ events: events("given-up") }, false);
	const last = host.report({ events: events("last") });
	test.time.now = new Date(test.time.now.getTime() + 2 * AGENT_TIMING.leaseMs);
	// It hears nothing from us meanwhile, which isn't its fault.
	expect(fleet.expireLeases()).toEqual([]);
	expect(await db.event.count({ where: { type: { in: ["first", "last"] } } })).toBe(0);
	release();
	await Promise.all([first, given, last]);
	const stored = await db.event.findMany({ select: { type: true } });
	expect(stored.map(({ type }) => type)).toEqual(expect.arrayContaining(["first", "last"]));
	expect(stored.map(({ type }) => type)).not.toContain("given-up");
});

/** What the agent of that host reports about its nodes, as the control plane reads it. */
async function observationsOf(host: TestHost) {
	const { revision, assignments } = await host.state();
	const observations = assignments.map((each) => observationSchema.parse(asRunning(each, 4_711)));
	return { revision, observations };
}

it("what engines do is stored though their samples can't be; these come again and are stored once", async () => {
	const fleet = await TestFleet.open();
	await fleet.create({ replicasPerShard: 1 });
	const { db } = fleet.test.resources;
	const host = fleet.hosts.find(({ enrollment }) => enrollment.name === "h1") as TestHost;
	const { revision, observations } = await observationsOf(host);
	const [seen] = observations;
	if (seen === undefined) throw new Error("the host has no node");
	const nodeId = seen.assignmentId;
	const metrics = [
		{
			...{ assignmentId: nodeId, at: fleet.test.time.now.toISOString() },
			metrics: {
				...{ memoryUsedBytes: 1, memoryMaxBytes: 1, clients: 1, opsPerSecond: 1, hitsPerSecond: 1 },
				...{ missesPerSecond: 1, keys: 1, evictionsPerSecond: 1, cpuPercent: 1 },
				replicationLagBytes: null,
			},
		},
	];
	await db.$executeRaw`ALTER TABLE "MetricSample" RENAME TO "Elsewhere"`;
	try {
		const ended = { ...seen, phase: "exited" as const, pid: null, engineState: null };
		await expect(
			host.report({ revision, observations: [ended], metrics, events: events("died") }),
		).rejects.toThrow();
	} finally {
		await db.$executeRaw`ALTER TABLE "Elsewhere" RENAME TO "MetricSample"`;
	}
	const { observation } = await db.node.findUniqueOrThrow({ where: { id: nodeId } });
	expect(observation).toMatchObject({ phase: "exited" });
	expect(await db.event.count({ where: { type: "died" } })).toBe(1);
	for (let time = 0; time < 2; time++) await host.report({ metrics });
	expect(await db.metricSample.count({ where: { nodeId, resolutionSeconds: 5 } })).toBe(1);
});

it("the first reports after a start of the control plane change no row, if nothing else has changed", async () => {
	const fleet = await TestFleet.open();
	await fleet.create({ replicasPerShard: 2 });
	await fleet.create({ name: "carts", replicasPerShard: 2 });
	const { db } = fleet.test.resources;
	const versions = () =>
		db.$queryRaw`SELECT "id", xmin::text FROM "Node" UNION ALL SELECT "id", xmin::text FROM "Host" ORDER BY 1`;
	const reportAll = async () => {
		for (const host of fleet.hosts) {
			await host.report({ ...(await observationsOf(host)), facts: host.enrollment.facts });
		}
	};
	await reportAll();
	const before = await versions();
	await fleet.restart();
	await reportAll();
	expect(await versions()).toEqual(before);
	// Whatever has changed meanwhile is stored, of several nodes with one statement.
	for (const host of fleet.hosts) {
		const { revision, observations } = await observationsOf(host);
		await host.report({
			revision,
			observations: observations.map((each) => ({ ...each, pid: 1 })),
		});
	}
	const stored = await db.node.findMany({ select: { observation: true } });
	expect(stored.map(({ observation }) => observation)).toEqual(
		Array.from({ length: 6 }, () => expect.objectContaining({ pid: 1, phase: "running" })),
	);
});
