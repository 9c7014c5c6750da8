import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { freePort, TestHost } from "../testing/agent-fixture.ts";
import { makeAssignment } from "../testing/assignments.ts";
import { makeCluster } from "../testing/clusters.ts";

let host: TestHost;

beforeEach(async () => {
	host = new TestHost("127.0.1.16");
	await host.plane.start();
});
afterEach(() => host.dispose());

const LIVING = [{ agent: "an agent that keeps running" }, { agent: "an agent that restarts" }];

async function pair(): Promise<[Assignment, Assignment]> {
	const primary = makeAssignment({ port: await freePort(host.address), onExit: "report" });
	const of = { host: host.address, port: primary.port };
	const replica = makeAssignment({
		...{ port: await freePort(host.address), nodeName: "orders-002" },
		role: { kind: "replica", of },
	});
	return [primary, replica];
}

async function start(assignments: readonly Assignment[]): Promise<() => Promise<void>> {
	const stop = host.startAgent();
	host.plane.setAssignments([...assignments]);
	await untilInSync(assignments);
	return stop;
}

function untilInSync(assignments: readonly Assignment[]) {
	return host.plane.until("all are in sync", () =>
		assignments.every(({ id }) => {
			const seen = host.plane.observationOf(id);
			return seen?.phase === "running" && seen.engineState?.linkUp;
		}),
	);
}

/** Deletes everything that an instance has on disk, while its agent runs or between two agents. */
async function wipe({ id }: Assignment, stop: () => Promise<void>, anew: boolean): Promise<void> {
	if (anew) await stop();
	// A running agent may be writing there.
	rmSync(join(host.homeDir, "instances", id), { recursive: true, maxRetries: 5 });
	host.plane.observations = null;
	if (anew) host.startAgent();
}

async function sizeOf({ port }: Assignment): Promise<unknown> {
	const client = await host.connect(port);
	const size = await client.command(["DBSIZE"], 20_000);
	client.close();
	return size;
}

async function write({ port }: Assignment): Promise<void> {
	const client = await host.connect(port, "larder");
	for (let i = 0; i < 20; i++) await client.command(["SET", `key:${i}`, "1"], 20_000);
	expect(await client.command(["WAIT", "1", "20000"], 30_000)).toBe(1);
	client.close();
}

test.each(LIVING)("an engine whose files are gone keeps running: $agent", async ({ agent }) => {
	const shard = await pair();
	const [primary, replica] = shard;
	const stop = await start(shard);
	await write(primary);
	const pids = shard.map(({ id }) => host.engineProcess(id)?.pid);
	for (const each of shard) {
		rmSync(join(host.homeDir, "instances", each.id), { recursive: true, maxRetries: 5 });
	}
	host.plane.observations = null;
	if (agent !== LIVING[0]?.agent) {
		await stop();
		host.startAgent();
	}
	// Both engines still accept a change, even one that is normally saved to the deleted files.
	const changed = shard.map((each) => ({
		...each,
		generation: 2,
		maxmemoryBytes: 32 * 1024 ** 2,
	}));
	host.plane.setAssignments(changed);
	await host.plane.until("both have the change", () =>
		changed.every(({ id }) => host.plane.observationOf(id)?.generation === 2),
	);
	expect(shard.map(({ id }) => host.plane.observationOf(id)?.pid)).toEqual(pids);
	expect(await sizeOf(replica)).toBe(20);
});

test.each(LIVING)("a primary that lost its files isn't reborn empty: $agent", async ({ agent }) => {
	const shard = await pair();
	const [primary, replica] = shard;
	const stop = await start(shard);
	await write(primary);
	host.killEngine(primary.id);
	await host.plane.until("its exit is reported", () => {
		return host.plane.observationOf(primary.id)?.phase === "exited";
	});
	await wipe(primary, stop, agent !== LIVING[0]?.agent);
	// A change of the desired state doesn't start it either.
	host.plane.setAssignments([{ ...primary, generation: 2 }, replica]);
	await host.plane.until("it is still down", () => {
		return host.plane.observationOf(primary.id)?.phase === "exited";
	});
	const reports = host.plane.reports.length;
	await host.plane.until("two more reports", () => host.plane.reports.length >= reports + 2);
	expect(host.engineProcess(primary.id)).toBeNull();
	expect(await sizeOf(replica)).toBe(20);
	// It starts once the control plane grants a launch permit.
	host.plane.setAssignments([{ ...primary, generation: 3, launchPermit: 1 }, replica]);
	await host.plane.until("it runs", () => {
		return host.plane.observationOf(primary.id)?.phase === "running";
	});
});

test.each(LIVING)(
	"a replica that lost its files starts as a replica: $agent",
	async ({ agent }) => {
		const shard = await pair();
		const [primary, replica] = shard;
		const stop = await start(shard);
		await write(primary);
		await wipe(replica, stop, agent !== LIVING[0]?.agent);
		await untilInSync(shard);
		const before = host.plane.reports.length;
		host.killEngine(replica.id);
		await host.plane.until("another process runs", () => {
			return (host.plane.observationOf(replica.id)?.restarts ?? 0) > 0;
		});
		await untilInSync(shard);
		expect(await sizeOf(replica)).toBe(20);
		const roles = host.plane.reports
			.slice(before)
			.flatMap((report) => report.observations ?? [])
			.flatMap((seen) => (seen.assignmentId === replica.id ? [seen.engineState?.role] : []));
		expect(roles).not.toContain("primary");
	},
);

test.each(LIVING)(
	"a cluster node that lost its files is reported as such and not restarted: $agent",
	async ({ agent }) => {
		const nodes = await makeCluster({
			...{ host: host.address, shards: 1, replicas: 1, engine: "valkey", engineVersion: "9" },
		});
		const stop = await start(nodes);
		for (const node of nodes.slice(0, 2).reverse()) {
			host.killEngine(node.id);
			await wipe(node, stop, agent !== LIVING[0]?.agent && node === nodes[1]);
			const lost = await host.plane.until("its loss is reported", () => {
				const seen = host.plane.observationOf(node.id);
				return seen?.phase === "exited" && seen.reason?.code === "identity-lost" && seen;
			});
			expect(lost.restarts).toBe(0);
			expect(host.engineProcess(node.id)).toBeNull();
		}
	},
);
