import { afterEach, beforeEach, expect, test } from "vitest";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { TestHost } from "../testing/agent-fixture.ts";
import { makeCluster, untilFormed } from "../testing/clusters.ts";

const MARKS = { reportAboveBytes: 2 ** 26, holdWritesAboveBytes: null, ecpuPerSecond: null };

let host: TestHost;

beforeEach(async () => {
	host = new TestHost("127.0.1.49");
	await host.plane.start();
});
afterEach(() => host.dispose());

const seenOf = ({ id }: Assignment) => host.plane.observationOf(id);

/** With this generation, which is the number of its reboot too: without cluster mode, and running or told to end. */
function standard(node: Assignment, generation: number, ends: boolean): Assignment {
	const elastic = { ...MARKS, ...(ends && { asleep: true, becomesCluster: true }) };
	return { ...node, generation, reboot: ends ? generation : 1, cluster: null, elastic };
}

test.each([
	{ engine: "valkey", engineVersion: "9" },
	{ engine: "redis", engineVersion: "7" },
] as const)(
	"$engine $engineVersion without cluster mode ends with its data, and starts in cluster mode with it",
	async (flavor) => {
		const nodes = await makeCluster({ host: host.address, shards: 1, replicas: 1, ...flavor });
		const [primary, replica] = nodes;
		if (primary === undefined || replica === undefined) throw new Error("no cluster");
		const assign = (...assignments: Assignment[]) => host.plane.setAssignments(assignments);
		const isStandard = (generation: number, ends: boolean) => (node: Assignment) =>
			standard(node, generation, ends);
		host.startAgent();
		assign(...nodes.map(isStandard(1, false)));
		await host.plane.until("both are in sync", () =>
			nodes.every((node) => seenOf(node)?.generation === 1 && seenOf(node)?.engineState?.linkUp),
		);
		const client = await host.connect(primary.port);
		await client.command(["SELECT", "3"], 20_000);
		await client.command(["SET", "elsewhere", "1"], 20_000);

		// A cluster has no database 3: it goes on as before.
		assign(standard(primary, 2, true), standard(replica, 1, false));
		await host.plane.until("it refuses", () => seenOf(primary)?.reboot === 2);
		expect(seenOf(primary)).toMatchObject({ phase: "running" });
		await client.command(["FLUSHDB"], 20_000);
		await client.command(["SELECT", "0"], 20_000);
		for (let key = 0; key < 100; key++) await client.command(["SET", `key:${key}`, "1"], 20_000);

		// The client stays connected, and is disconnected.
		assign(standard(primary, 3, true), standard(replica, 1, false));
		await host.plane.until("the primary has ended", () => seenOf(primary)?.fitsCluster === true);
		assign(standard(primary, 3, true), standard(replica, 3, true));
		await host.plane.until("the replica has ended", () => seenOf(replica)?.fitsCluster === true);
		expect(host.engineProcess(primary.id)).toBeNull();

		const inCluster = (node: Assignment) => ({ ...node, generation: 4, reboot: 3, elastic: MARKS });
		const formed = nodes.map(inCluster);
		assign(...formed);
		await untilFormed(host, formed);
		const later = await host.connect(primary.port);
		expect(await later.command(["DBSIZE"], 20_000)).toBe(100);
		await later.command(["SET", "after", "1"], 20_000);
		later.close();
		// From now on its files are those of a cluster's node.
		host.killEngine(replica.id);
		await host.plane.until("the replica is back", () => (seenOf(replica)?.restarts ?? 0) > 0);
		await untilFormed(host, formed);
	},
);
