import { execFile } from "node:child_process";
import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../../platform/process-identity.ts";
import type { Assignment } from "../../server/contract/agent.ts";
import { ensureEngine } from "../bundles/index.ts";
import { TestHost } from "../testing/agent-fixture.ts";
import { CLIENT_PASSWORD } from "../testing/assignments.ts";
import { makeCluster, wantedView } from "../testing/clusters.ts";

let host: TestHost;

beforeEach(async () => {
	host = new TestHost("127.0.1.3");
	await host.plane.start();
});
afterEach(() => host.dispose());

const VALKEY = { engine: "valkey", engineVersion: "9" } as const;
const FLAVOURS = [
	VALKEY,
	{ engine: "valkey", engineVersion: "8" },
	{ engine: "redis", engineVersion: "7" },
] as const;

/** Until every node shows the whole cluster as it is wanted. */
function untilFormed(assignments: Assignment[]) {
	return host.plane.until("every node shows the whole cluster", () =>
		assignments.every(({ id, cluster, role, generation }) => {
			const seen = host.plane.observationOf(id);
			const state = seen?.engineState;
			return (
				cluster !== null &&
				seen?.generation === generation &&
				state?.role === role.kind &&
				state.linkUp &&
				state.cluster?.ok === true &&
				state.cluster.view === wantedView(cluster)
			);
		}),
	);
}

function nodesFile(assignment: Assignment): string {
	const file = join(host.homeDir, "instances", assignment.id, "data", "nodes.conf");
	return readFileSync(file, "utf8");
}

test.each(FLAVOURS)("a cluster of $engine $engineVersion is born whole", async (flavour) => {
	const { client: cli } = await ensureEngine({
		engine: flavour.engine,
		version: flavour.engineVersion,
	});
	const nodes = await makeCluster({ host: host.address, shards: 3, replicas: 1, ...flavour });
	host.startAgent();
	await host.plane.until("the agent is there", () => host.plane.reports.length > 0);
	const askedAt = performance.now();
	host.plane.setAssignments(nodes);
	await untilFormed(nodes);
	const tookMs = performance.now() - askedAt;
	if (process.env.LARDER_TEST_TIMES) console.log(flavour, `${tookMs.toFixed(0)} ms`);
	expect(tookMs).toBeLessThan(2_000);
	const [first] = nodes;
	if (first === undefined || cli === null) throw new Error("no cluster");
	// As a client would, with what a client may.
	const environment = { ...process.env, REDISCLI_AUTH: CLIENT_PASSWORD };
	const run = promisify(execFile);
	const address = ["-h", host.address, "-p", String(first.port)];
	const check = await run(cli, ["--cluster", "check", `${host.address}:${first.port}`], {
		env: environment,
	});
	expect(check.stdout).toContain("[OK] All nodes agree about slots configuration");
	expect(check.stdout).toContain("[OK] All 16384 slots covered");
	expect(check.stdout).not.toContain("ERR");
	for (const key of ["a", "b", "c", "d"]) {
		const written = await run(cli, ["-c", ...address, "SET", key, "1"], { env: environment });
		expect(written.stdout).toContain("OK");
	}
	const client = await host.connect(first.port);
	for (const forbidden of [["MEET", "127.0.0.1", "1"], ["RESET"], ["FORGET", "a"]]) {
		const command = ["CLUSTER", ...forbidden];
		await expect(client.command(command, 1_000)).rejects.toThrow("NOPERM");
	}
	client.close();
	const gateway = await host.connect(first.port, "larder-gateway");
	expect(await gateway.command(["CLUSTER", "INFO"], 1_000)).toContain("cluster_state:ok");
	await expect(gateway.command(["CLUSTER", "NODES"], 1_000)).rejects.toThrow("NOPERM");
	gateway.close();
});

test("a restarted agent adopts a cluster's nodes and leaves their own file alone", async () => {
	const nodes = await makeCluster({ host: host.address, shards: 3, replicas: 1, ...VALKEY });
	const stop = host.startAgent();
	host.plane.setAssignments(nodes);
	await untilFormed(nodes);
	const pids = nodes.map(({ id }) => host.engineProcess(id)?.pid);
	await stop();
	const files = nodes.map(nodesFile);
	host.plane.observations = null;
	host.startAgent();
	await untilFormed(nodes);
	expect(nodes.map(({ id }) => host.plane.observationOf(id)?.pid)).toEqual(pids);
	expect(nodes.map(nodesFile)).toEqual(files);
});

test("a crashed replica returns with its identity, and a promoted one takes over by vote", async () => {
	const nodes = await makeCluster({ host: host.address, shards: 3, replicas: 1, ...VALKEY });
	host.startAgent();
	host.plane.setAssignments(nodes);
	await untilFormed(nodes);
	const [primary, replica] = nodes;
	if (primary === undefined || replica === undefined) throw new Error("no cluster");
	const { pid, identity } = { pid: host.engineProcess(replica.id)?.pid, identity: replica.cluster };
	kill(replica);
	await host.plane.until("it is back", () => {
		const seen = host.plane.observationOf(replica.id);
		return seen?.pid !== null && seen?.pid !== pid && seen?.phase === "running";
	});
	await untilFormed(nodes);
	expect(host.plane.observationOf(replica.id)?.engineState?.cluster?.nodeId).toBe(identity?.nodeId);
	// The slot of {orders} is one of the first shard's.
	const client = await host.connect(primary.port, "larder");
	for (let i = 0; i < 200; i++) await client.command(["SET", `{orders}:${i}`, "x"], 1_000);
	expect(await client.command(["WAIT", "1", "5000"], 6_000)).toBe(1);
	client.close();
	// The primary dies, and the control plane has its replica lead.
	kill(primary);
	await host.plane.until("the primary's exit is told", () => {
		return host.plane.observationOf(primary.id)?.phase === "exited";
	});
	const promoted = promote(nodes, primary, replica);
	const askedAt = performance.now();
	host.plane.setAssignments(promoted);
	await host.plane.until("the replica leads", () => {
		return host.plane.observationOf(replica.id)?.engineState?.role === "primary";
	});
	if (process.env.LARDER_TEST_TIMES) console.log(`${(performance.now() - askedAt).toFixed(0)} ms`);
	await untilFormed(promoted);
	// Nor did the old one come back as a primary, empty as it was, while its replica wasn't leading yet.
	expect(await keysOf(replica)).toBe(200);
	// Both live now: the leader hands over, and nothing is lost.
	const [leader, follower] = [replica.id, primary.id].map((id) =>
		promoted.find((node) => node.id === id),
	);
	if (leader === undefined || follower === undefined) throw new Error("no cluster");
	const returned = promote(promoted, leader, follower);
	host.plane.setAssignments(returned);
	await untilFormed(returned);
	expect(await keysOf(primary)).toBe(200);
});

test("a replica that joins later is introduced to all, and gets its shard's data", async () => {
	const all = await makeCluster({ host: host.address, shards: 3, replicas: 1, ...VALKEY });
	const newcomer = all[1];
	const shards = newcomer?.cluster?.shards.map((shard) => ({
		...shard,
		members: shard.members.filter(({ nodeId }) => nodeId !== newcomer.cluster?.nodeId),
	}));
	if (newcomer === undefined || shards === undefined) throw new Error("no cluster");
	const without = all
		.filter(({ id }) => id !== newcomer.id)
		.map((node) => ({ ...node, cluster: node.cluster && { ...node.cluster, shards } }));
	host.startAgent();
	host.plane.setAssignments(without);
	await untilFormed(without);
	const [primary] = without;
	if (primary === undefined) throw new Error("no cluster");
	const client = await host.connect(primary.port, "larder");
	for (let i = 0; i < 50; i++) await client.command(["SET", `{orders}:${i}`, "x"], 1_000);
	client.close();
	const grown = all.map((node) => ({ ...node, generation: 2 }));
	const askedAt = performance.now();
	const before = host.plane.reports.length;
	host.plane.setAssignments(grown);
	await untilFormed(grown);
	if (process.env.LARDER_TEST_TIMES) console.log(`${(performance.now() - askedAt).toFixed(0)} ms`);
	expect(await keysOf(newcomer)).toBe(50);
	// The others serve all the while, whatever the newcomer's file says of their slots.
	const said = host.plane.reports
		.slice(before)
		.flatMap((report) => report.observations ?? [])
		.filter((seen) => seen.assignmentId !== newcomer.id)
		.map((seen) => seen.engineState?.cluster?.ok);
	expect(new Set(said)).toEqual(new Set([true]));
});

test("a node whose own file of the cluster is gone doesn't start, and says so", async () => {
	const nodes = await makeCluster({ host: host.address, shards: 1, replicas: 0, ...VALKEY });
	host.startAgent();
	host.plane.setAssignments(nodes);
	await untilFormed(nodes);
	const [node] = nodes;
	if (node === undefined) throw new Error("no cluster");
	const file = join(host.homeDir, "instances", node.id, "data", "nodes.conf");
	renameSync(file, `${file}.lost`);
	kill(node);
	const failed = await host.plane.until("the cause is told", () => {
		const { reason } = host.plane.observationOf(node.id) ?? {};
		return reason?.code === "launch-failed" && reason;
	});
	expect(failed.message).toContain("nodes.conf is missing");
	renameSync(`${file}.lost`, file);
	await untilFormed(nodes);
});

async function keysOf(assignment: Assignment): Promise<unknown> {
	const client = await host.connect(assignment.port, "larder");
	const count = await client.command(["DBSIZE"], 1_000);
	client.close();
	return count;
}

function kill(assignment: Assignment): void {
	const engine = host.engineProcess(assignment.id);
	if (engine !== null) signalProcess(engine, "SIGKILL");
}

function promote(nodes: Assignment[], old: Assignment, next: Assignment): Assignment[] {
	const leader = next.cluster?.nodeId ?? "";
	const shards = (old.cluster?.shards ?? []).map((shard) =>
		shard.primary === old.cluster?.nodeId ? { ...shard, primary: leader } : shard,
	);
	return nodes.map((node) => {
		const cluster = node.cluster === null ? null : { ...node.cluster, shards };
		const changed = { ...node, cluster, generation: node.generation + 1 };
		if (node.id === next.id) return { ...changed, role: { kind: "primary" }, onExit: "report" };
		const of = { host: host.address, port: next.port };
		if (node.id === old.id) return { ...changed, role: { kind: "replica", of }, onExit: "restart" };
		return changed;
	});
}
