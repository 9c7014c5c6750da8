import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { eventually, freePort, killChild, TestHost } from "../testing/agent-fixture.ts";
import { makeAssignment } from "../testing/assignments.ts";
import { makeCluster } from "../testing/clusters.ts";
import { instancePaths } from "./instance-paths.ts";

let host: TestHost;

beforeEach(async () => {
	host = new TestHost("127.0.1.4");
	await host.plane.start();
});
afterEach(() => host.dispose());

function untilRunning(...assignments: Assignment[]) {
	return host.plane.until("all run as wanted", () =>
		assignments.every(({ id, generation, reboot }) => {
			const seen = host.plane.observationOf(id);
			return (
				seen?.phase === "running" &&
				seen.generation === generation &&
				seen.reboot === reboot &&
				seen.engineState?.linkUp
			);
		}),
	);
}

function pidOf({ id }: Assignment): number | undefined {
	return host.engineProcess(id)?.pid;
}

const phases = (assignment: Assignment, since: number) =>
	host.plane.reports
		.slice(since)
		.flatMap((report) => report.observations ?? [])
		.filter((seen) => seen.assignmentId === assignment.id)
		.map((seen) => seen.phase);

async function pair(): Promise<[Assignment, Assignment]> {
	const [port, second] = [await freePort(host.address), await freePort(host.address)];
	const primary = makeAssignment({ port, onExit: "report" });
	const of = { host: host.address, port };
	return [
		primary,
		makeAssignment({ port: second, nodeName: "orders-002", role: { kind: "replica", of } }),
	];
}

/** A key that the primary has written and its replicas have received. */
async function write(primary: Assignment, replicas: number): Promise<void> {
	const client = await host.connect(primary.port, "larder");
	await client.command(["SET", "kept", "1"], 20_000);
	expect(await client.command(["WAIT", String(replicas), "20000"], 30_000)).toBe(replicas);
	client.close();
}

async function read(assignment: Assignment): Promise<unknown> {
	const client = await host.connect(assignment.port);
	const value = await client.command(["GET", "kept"], 20_000);
	client.close();
	return value;
}

const dump = ({ id }: Assignment) => join(host.homeDir, "instances", id, "data", "dump.rdb");

test("a single node keeps its data, and reports rebooting all the while", async () => {
	const node = makeAssignment({ port: await freePort(host.address) });
	host.startAgent();
	host.plane.setAssignments([node]);
	await untilRunning(node);
	await write(node, 0);
	const pid = pidOf(node);
	const before = host.plane.reports.length;
	const again = { ...node, generation: 2, reboot: 1 };
	host.plane.setAssignments([again]);
	await untilRunning(again);
	expect(pidOf(node)).not.toBe(pid);
	expect(await read(node)).toBe("1");
	expect(new Set(phases(node, before))).toEqual(new Set(["rebooting", "running"]));
	expect(host.plane.observationOf(node.id)).toMatchObject({ restarts: 0, reboot: 1 });
	expect(host.plane.events).toEqual([]);
	// The file that it loaded is out of the way: after a crash the node comes back empty, not as it was at the reboot.
	expect(existsSync(dump(node))).toBe(false);
	host.killEngine(node.id);
	await host.plane.until("it is back", () => host.plane.observationOf(node.id)?.restarts === 1);
	await untilRunning(again);
	expect(await read(node)).toBeNull();
});

test("a rebooted primary stays primary, and its replica continues without a full synchronization", async () => {
	const [primary, replica] = await pair();
	host.startAgent();
	host.plane.setAssignments([primary, replica]);
	await untilRunning(primary, replica);
	await write(primary, 1);
	const before = host.plane.reports.length;
	const again = { ...primary, generation: 2, reboot: 1 };
	host.plane.setAssignments([again, replica]);
	await untilRunning(again, replica);
	expect(new Set(phases(primary, before))).toEqual(new Set(["rebooting", "running"]));
	const client = await host.connect(primary.port, "larder");
	await client.command(["SET", "more", "1"], 20_000);
	expect(await client.command(["WAIT", "1", "20000"], 30_000)).toBe(1);
	expect(await client.command(["INFO", "stats"], 20_000)).toMatch(
		/sync_full:0\r\nsync_partial_ok:1/,
	);
	client.close();
	expect(await read(primary)).toBe("1");
	expect(await read(replica)).toBe("1");
	// Then the replica.
	const third = { ...replica, generation: 3, reboot: 1 };
	host.plane.setAssignments([again, third]);
	await untilRunning(again, third);
	expect(await read(replica)).toBe("1");
});

test("a primary that ended without saving its data doesn't come back empty", async () => {
	const [primary, replica] = await pair();
	const agent = host.spawnAgent();
	host.plane.setAssignments([primary, replica]);
	await untilRunning(primary, replica);
	await write(primary, 1);
	await killChild(agent);
	// What the disk looks like if agent and engine die after the reboot was decided on.
	const file = join(host.homeDir, "instances", primary.id, "state.json");
	const record = JSON.parse(readFileSync(file, "utf8"));
	writeFileSync(file, JSON.stringify({ ...record, rebooting: true }));
	host.killEngine(primary.id);
	rmSync(join(host.homeDir, "desired.json"));
	host.plane.setAssignments([{ ...primary, generation: 2, reboot: 1 }, replica]);
	host.plane.observations = null;
	host.startAgent();
	const seen = await host.plane.until("it is reported as exited", () => {
		const observation = host.plane.observationOf(primary.id);
		return observation?.phase === "exited" && observation.reboot === 1 && observation;
	});
	expect(seen.reason?.message).toContain("without saving its data");
	expect(host.engineProcess(primary.id)).toBeNull();
	expect(await read(replica)).toBe("1");
});

test("the next agent finishes a reboot during which an agent died", async () => {
	const [primary, replica] = await pair();
	host.plane.setAssignments([primary, replica]);
	const agent = host.spawnAgent();
	await untilRunning(primary, replica);
	await write(primary, 1);
	const again = { ...primary, generation: 2, reboot: 1 };
	host.plane.setAssignments([again, replica]);
	await host.plane.until("it reboots", () => {
		return host.plane.observationOf(primary.id)?.phase === "rebooting";
	});
	await killChild(agent);
	host.plane.observations = null;
	host.startAgent();
	await untilRunning(again, replica);
	expect(await read(primary)).toBe("1");
});

test("an engine that can't save keeps serving, and the reboot is abandoned", async () => {
	const node = makeAssignment({ port: await freePort(host.address) });
	host.startAgent();
	host.plane.setAssignments([node]);
	await untilRunning(node);
	await write(node, 0);
	const pid = pidOf(node);
	// A directory is in the place of the file that must be written.
	mkdirSync(join(dump(node), "in-the-way"), { recursive: true });
	const again = { ...node, generation: 2, reboot: 1 };
	host.plane.setAssignments([again]);
	await untilRunning(again);
	expect(pidOf(node)).toBe(pid);
	expect(await read(node)).toBe("1");
	expect(host.plane.events).toMatchObject([{ type: "node.reboot-failed", severity: "error" }]);
});

test("cluster nodes keep their data, slots and identity", async () => {
	const nodes = await makeCluster({
		...{ host: host.address, shards: 1, replicas: 1, engine: "redis", engineVersion: "7" },
	});
	host.startAgent();
	host.plane.setAssignments(nodes);
	const [primary, replica] = nodes;
	if (primary === undefined || replica === undefined) throw new Error("no cluster");
	const formed = () =>
		nodes.every(({ id }) => host.plane.observationOf(id)?.engineState?.cluster?.ok === true);
	await host.plane.until("it is formed", formed);
	await untilRunning(primary, replica);
	await write(primary, 1);
	const again = { ...primary, generation: 2, reboot: 1 };
	host.plane.setAssignments([again, replica]);
	await untilRunning(again, replica);
	await host.plane.until("it serves", formed);
	expect(host.plane.observationOf(primary.id)?.engineState).toMatchObject({
		...{ role: "primary", cluster: { slots: "0-16383", nodeId: primary.cluster?.nodeId } },
	});
	expect(await read(primary)).toBe("1");
});

test("data that a rebooted node can't load is kept for people to examine, and the node starts without it", async () => {
	const node = makeAssignment({ port: await freePort(host.address) });
	const stop = host.startAgent();
	host.plane.setAssignments([node]);
	await untilRunning(node);
	await write(node, 0);
	await stop();
	// The agent was away while the engine ended for a reboot, and then the file was damaged.
	const client = await host.connect(node.port, "larder");
	await client.command(["SHUTDOWN", "SAVE"], 10_000).catch(() => {});
	client.close();
	await eventually("it has ended", () => host.engineProcess(node.id) === null);
	const { record } = instancePaths(host.homeDir, node.id);
	const held = JSON.parse(readFileSync(record, "utf8"));
	writeFileSync(record, JSON.stringify({ ...held, rebooting: true, keptData: true }));
	const damaged = readFileSync(dump(node)).subarray(0, 100);
	writeFileSync(dump(node), damaged);
	// The agent must start without the desired state from before the reboot.
	rmSync(join(host.homeDir, "desired.json"));
	host.plane.observations = null;
	const again = { ...node, generation: 2, reboot: 1 };
	host.plane.setAssignments([again]);
	host.startAgent();
	await untilRunning(again);
	expect(await read(node)).toBeNull();
	const kept = join(host.homeDir, "damaged", `${node.id}-dump.rdb`);
	expect(readFileSync(kept).equals(damaged)).toBe(true);
	const reported = () => host.plane.events.find(({ type }) => type === "node.exited");
	await host.plane.until("it is reported", () => reported() !== undefined);
	expect(reported()?.message).toContain("the data that it couldn't load is kept in damaged/");
});
