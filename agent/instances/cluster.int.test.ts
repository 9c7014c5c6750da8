import { execFile } from "node:child_process";
import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../../platform/process-identity.ts";
import type { Assignment } from "../../server/contract/agent.ts";
import { ensureEngine } from "../bundles/index.ts";
import { eventually, TestHost } from "../testing/agent-fixture.ts";
import { CLIENT_PASSWORD, makeOrder } from "../testing/assignments.ts";
import { makeCluster, wantedView } from "../testing/clusters.ts";

let host: TestHost;

beforeEach(async () => {
	host = new TestHost("127.0.1.3");
	await host.plane.start();
});
afterEach(() => host.dispose());

const VALKEY = { engine: "valkey", engineVersion: "9" } as const;
const REDIS = { engine: "redis", engineVersion: "7" } as const;
const FLAVOURS = [VALKEY, { engine: "valkey", engineVersion: "8" }, REDIS] as const;

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

test("a crashed replica returns with its identity, and one that is ordered to takes over by vote", async () => {
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
	const askedAt = performance.now();
	const elected = await host.plane.order(makeOrder(host.address, primary, [replica]));
	expect(elected).toMatchObject({ outcome: "done", leaderNodeId: replica.id });
	if (process.env.LARDER_TEST_TIMES) console.log(`${(performance.now() - askedAt).toFixed(0)} ms`);
	const promoted = promote(nodes, primary, replica);
	host.plane.setAssignments(promoted);
	await untilFormed(promoted);
	// Nor did the old one come back as a primary, empty as it was, while its replica wasn't leading yet.
	expect(await keysOf(replica)).toBe(200);
});

test.each([VALKEY, REDIS])(
	"$engine hands a shard over and back at once, as often as it is asked",
	async (flavour) => {
		let nodes = await makeCluster({ host: host.address, shards: 3, replicas: 1, ...flavour });
		host.startAgent();
		host.plane.setAssignments(nodes);
		await untilFormed(nodes);
		const [first, second] = nodes;
		if (first === undefined || second === undefined) throw new Error("no cluster");
		const times: number[] = [];
		for (let round = 0; round < 4; round++) {
			const ids = round % 2 === 0 ? [first.id, second.id] : [second.id, first.id];
			const [from, to] = ids.map((id) => nodes.find((node) => node.id === id));
			if (from === undefined || to === undefined) throw new Error("no cluster");
			const client = await host.connect(from.port, "larder");
			for (let i = 0; i < 50; i++) {
				await client.command(["SET", `{orders}:${round}:${i}`, "x"], 1_000);
			}
			const order = makeOrder(host.address, from, [to], { kind: "planned" });
			const handedOver = await host.plane.order(order);
			expect(handedOver).toMatchObject({ outcome: "done", message: "", leaderNodeId: to.id });
			times.push(handedOver.writesUnavailableMs ?? Number.NaN);
			// The old primary lets nobody wait whose writes it held up.
			await expect(client.command(["SET", "{orders}", "x"], 1_000)).rejects.toThrow("MOVED");
			client.close();
			nodes = promote(nodes, from, to);
			host.plane.setAssignments(nodes);
			await untilFormed(nodes);
			expect(await keysOf(to)).toBe(50 * (round + 1));
		}
		if (process.env.LARDER_TEST_TIMES) console.log(times.map((ms) => ms.toFixed(0)).join(", "));
		expect(Math.max(...times)).toBeLessThan(2_000);
	},
);

test.each([VALKEY, REDIS])(
	"$engine: a replica that joins later is introduced to all, and gets its shard's data",
	async (flavour) => {
		const all = await makeCluster({ host: host.address, shards: 3, replicas: 1, ...flavour });
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
		if (process.env.LARDER_TEST_TIMES)
			console.log(`${(performance.now() - askedAt).toFixed(0)} ms`);
		expect(await keysOf(newcomer)).toBe(50);
		// The others serve all the while, whatever the newcomer's file says of their slots.
		const said = host.plane.reports
			.slice(before)
			.flatMap((report) => report.observations ?? [])
			.filter((seen) => seen.assignmentId !== newcomer.id)
			.map((seen) => seen.engineState?.cluster?.ok);
		expect(new Set(said)).toEqual(new Set([true]));
	},
);

test("of several replicas the one that is furthest is elected, and the other follows it", async () => {
	const nodes = await makeCluster({ host: host.address, shards: 3, replicas: 2, ...VALKEY });
	host.startAgent();
	host.plane.setAssignments(nodes);
	await untilFormed(nodes);
	const [primary, second, third] = nodes;
	if (primary === undefined || second === undefined || third === undefined) {
		throw new Error("no cluster");
	}
	kill(primary);
	await host.plane.until("the primary's exit is told", () => {
		return host.plane.observationOf(primary.id)?.phase === "exited";
	});
	const askedAt = performance.now();
	const result = await host.plane.order(makeOrder(host.address, primary, [second, third]));
	if (process.env.LARDER_TEST_TIMES) console.log(`${(performance.now() - askedAt).toFixed(0)} ms`);
	const leader = [second, third].find(({ id }) => id === result.leaderNodeId);
	if (leader === undefined) throw new Error(result.message);
	const promoted = promote(nodes, primary, leader);
	host.plane.setAssignments(promoted);
	await untilFormed(promoted);
	// Asked for again, it finds that it is done.
	const again = await host.plane.order(makeOrder(host.address, primary, [second, third]));
	expect(again.leaderNodeId).toBe(leader.id);
});

test("what is wanted alone makes no replica lead; without voters, an order takes over", async () => {
	const nodes = await makeCluster({ host: host.address, shards: 1, replicas: 1, ...VALKEY });
	host.startAgent();
	host.plane.setAssignments(nodes);
	await untilFormed(nodes);
	const [primary, replica] = nodes;
	if (primary === undefined || replica === undefined) throw new Error("no cluster");
	const promoted = promote(nodes, primary, replica);
	host.plane.setAssignments(promoted);
	const reports = host.plane.reports.length;
	await host.plane.until("two more reports", () => host.plane.reports.length >= reports + 2);
	expect(host.plane.observationOf(replica.id)?.engineState?.role).toBe("replica");
	expect(host.plane.observationOf(primary.id)?.engineState?.role).toBe("primary");
	kill(primary);
	await host.plane.until("the primary's exit is told", () => {
		return host.plane.observationOf(primary.id)?.phase === "exited";
	});
	// Its shard was the only one, so there is nobody to vote.
	const order = makeOrder(host.address, primary, [replica], { takeover: true });
	expect((await host.plane.order(order)).leaderNodeId).toBe(replica.id);
	await untilFormed(promoted);
});

test("a replica that is taken out is forgotten by all, and stays so", async () => {
	const all = await makeCluster({ host: host.address, shards: 3, replicas: 1, ...VALKEY });
	host.startAgent();
	host.plane.setAssignments(all);
	await untilFormed(all);
	const [, gone] = all;
	const goneId = gone?.cluster?.nodeId;
	if (gone === undefined || goneId === undefined) throw new Error("no cluster");
	const rest = all.flatMap((node) => {
		if (node.id === gone.id || node.cluster === null) return [];
		const shards = node.cluster.shards.map((shard) => ({
			...shard,
			members: shard.members.filter(({ nodeId }) => nodeId !== goneId),
		}));
		return [{ ...node, generation: 2, cluster: { ...node.cluster, shards, former: [goneId] } }];
	});
	host.plane.setAssignments(rest);
	await untilFormed(rest);
	await host.plane.until("it is gone", () => host.plane.observationOf(gone.id) === undefined);
	expect(host.engineProcess(gone.id)).toBeNull();
	const knows = async (node: Assignment) => {
		const client = await host.connect(node.port, "larder");
		const text = await client.command(["CLUSTER", "NODES"], 1_000);
		client.close();
		return typeof text !== "string" || text.includes(goneId);
	};
	const whoKnows = async () => (await Promise.all(rest.map(knows))).filter((known) => known).length;
	await eventually("nobody knows it", async () => (await whoKnows()) === 0);
	// Nor do they tell each other of it again.
	const reports = host.plane.reports.length;
	await host.plane.until("three more reports", () => host.plane.reports.length >= reports + 3);
	expect(await whoKnows()).toBe(0);
});

test("an empty node takes the slots of a shard whose nodes are all lost", async () => {
	const all = await makeCluster({ host: host.address, shards: 3, replicas: 0, ...VALKEY });
	host.startAgent();
	host.plane.setAssignments(all);
	await untilFormed(all);
	const [lost, ...others] = all;
	const [spare] = await makeCluster({ host: host.address, shards: 1, replicas: 0, ...VALKEY });
	if (lost?.cluster == null || spare?.cluster == null) throw new Error("no cluster");
	const former = [lost.cluster.nodeId];
	const heir = spare.cluster.nodeId;
	const shards = lost.cluster.shards.map((shard) =>
		shard.primary === lost.cluster?.nodeId
			? { ...shard, primary: heir, members: spare.cluster?.shards[0]?.members ?? [] }
			: shard,
	);
	const next = [spare, ...others].map((node) => ({
		...node,
		generation: 2,
		cluster: { shards, former, nodeId: node.cluster?.nodeId ?? "" },
	}));
	host.plane.setAssignments(next);
	await untilFormed(next);
	const client = await host.connect(spare.port);
	expect(await client.command(["SET", "{orders}", "1"], 1_000)).toBe("OK");
	client.close();
});

test("a node whose own file of the cluster is gone says that its identity is lost, and waits", async () => {
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
		return reason?.code === "identity-lost" && reason;
	});
	expect(failed.message).toContain("another node has to take its place");
	expect(host.plane.observationOf(node.id)).toMatchObject({ phase: "exited", restarts: 0 });
	renameSync(`${file}.lost`, file);
	const again = nodes.map((each) => ({ ...each, generation: 2, launchPermit: 1 }));
	host.plane.setAssignments(again);
	await untilFormed(again);
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
