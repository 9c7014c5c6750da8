import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { ensureEngine } from "../bundles/index.ts";
import { eventually, TestHost } from "../testing/agent-fixture.ts";
import { CLIENT_PASSWORD } from "../testing/assignments.ts";
import { keysOf, makeCluster, untilFormed } from "../testing/clusters.ts";

let host: TestHost;

beforeEach(async () => {
	host = new TestHost("127.0.1.3");
	await host.plane.start();
});
afterEach(() => host.dispose());

const VALKEY = { engine: "valkey", engineVersion: "9" } as const;
const REDIS = { engine: "redis", engineVersion: "7" } as const;
const FLAVORS = [VALKEY, { engine: "valkey", engineVersion: "8" }, REDIS] as const;

test.each(FLAVORS)("a cluster of $engine $engineVersion starts complete", async (flavor) => {
	const { client: cli } = await ensureEngine({
		engine: flavor.engine,
		version: flavor.engineVersion,
	});
	const nodes = await makeCluster({ host: host.address, shards: 3, replicas: 1, ...flavor });
	host.startAgent();
	await host.plane.until("the agent is there", () => host.plane.reports.length > 0);
	const askedAt = performance.now();
	host.plane.setAssignments(nodes);
	await untilFormed(host, nodes);
	const tookMs = performance.now() - askedAt;
	if (process.env.LARDER_TEST_TIMES) console.log(flavor, `${tookMs.toFixed(0)} ms`);
	const [first] = nodes;
	if (first === undefined || cli === null) throw new Error("no cluster");
	// As a client would, with a client's permissions.
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
		await expect(client.command(command, 20_000)).rejects.toThrow("NOPERM");
	}
	client.close();
	const gateway = await host.connect(first.port, "larder-gateway");
	expect(await gateway.command(["CLUSTER", "INFO"], 20_000)).toContain("cluster_state:ok");
	await expect(gateway.command(["CLUSTER", "NODES"], 20_000)).rejects.toThrow("NOPERM");
	gateway.close();
});

test("a restarted agent adopts a cluster's nodes and doesn't touch their own files", async () => {
	const nodes = await makeCluster({ host: host.address, shards: 3, replicas: 1, ...VALKEY });
	const stop = host.startAgent();
	host.plane.setAssignments(nodes);
	await untilFormed(host, nodes);
	const pids = nodes.map(({ id }) => host.engineProcess(id)?.pid);
	await stop();
	const files = nodes.map(knownNodes);
	host.plane.observations = null;
	host.startAgent();
	await untilFormed(host, nodes);
	expect(nodes.map(({ id }) => host.plane.observationOf(id)?.pid)).toEqual(pids);
	expect(nodes.map(knownNodes)).toEqual(files);
});

test.each([VALKEY, REDIS])(
	"$engine: a replica that joins later is introduced to all, and gets its shard's data",
	async (flavor) => {
		const all = await makeCluster({ host: host.address, shards: 3, replicas: 1, ...flavor });
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
		await untilFormed(host, without);
		const [primary] = without;
		if (primary === undefined) throw new Error("no cluster");
		const client = await host.connect(primary.port, "larder");
		for (let i = 0; i < 50; i++) await client.command(["SET", `{orders}:${i}`, "x"], 20_000);
		client.close();
		const grown = all.map((node) => ({ ...node, generation: 2 }));
		const askedAt = performance.now();
		const before = host.plane.reports.length;
		host.plane.setAssignments(grown);
		await untilFormed(host, grown);
		if (process.env.LARDER_TEST_TIMES)
			console.log(`${(performance.now() - askedAt).toFixed(0)} ms`);
		expect(await keysOf(host, newcomer)).toBe(50);
		// The others keep serving, whatever the newcomer's file says about their slots.
		const said = host.plane.reports
			.slice(before)
			.flatMap((report) => report.observations ?? [])
			.filter((seen) => seen.assignmentId !== newcomer.id)
			.map((seen) => seen.engineState?.cluster?.ok);
		expect(new Set(said)).toEqual(new Set([true]));
	},
);

test("every node forgets a removed replica for good", async () => {
	const all = await makeCluster({ host: host.address, shards: 3, replicas: 1, ...VALKEY });
	host.startAgent();
	host.plane.setAssignments(all);
	await untilFormed(host, all);
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
	await untilFormed(host, rest);
	await host.plane.until("it is gone", () => host.plane.observationOf(gone.id) === undefined);
	expect(host.engineProcess(gone.id)).toBeNull();
	const knows = async (node: Assignment) => {
		const client = await host.connect(node.port, "larder");
		const text = await client.command(["CLUSTER", "NODES"], 20_000);
		client.close();
		return typeof text !== "string" || text.includes(goneId);
	};
	const whoKnows = async () => (await Promise.all(rest.map(knows))).filter((known) => known).length;
	await eventually("no node knows it", async () => (await whoKnows()) === 0);
	// They don't tell each other about it again either.
	const reports = host.plane.reports.length;
	await host.plane.until("three more reports", () => host.plane.reports.length >= reports + 3);
	expect(await whoKnows()).toBe(0);
});

test("an empty node takes the slots of a shard whose nodes are all lost", async () => {
	const all = await makeCluster({ host: host.address, shards: 3, replicas: 0, ...VALKEY });
	host.startAgent();
	host.plane.setAssignments(all);
	await untilFormed(host, all);
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
	await untilFormed(host, next);
	const client = await host.connect(spare.port);
	expect(await client.command(["SET", "{orders}", "1"], 20_000)).toBe("OK");
	client.close();
});

test("a node that its own cluster file doesn't identify says so, and waits", async () => {
	const nodes = await makeCluster({ host: host.address, shards: 1, replicas: 0, ...VALKEY });
	host.startAgent();
	host.plane.setAssignments(nodes);
	await untilFormed(host, nodes);
	const [node] = nodes;
	if (node === undefined) throw new Error("no cluster");
	const file = join(host.homeDir, "instances", node.id, "data", "nodes.conf");
	const whole = readFileSync(file);
	const damages = [
		() => rmSync(file),
		() => writeFileSync(file, ""),
		() => writeFileSync(file, whole.subarray(0, whole.length / 2)),
		() => writeFileSync(file, randomBytes(200)),
	];
	for (const [index, damage] of damages.entries()) {
		damage();
		host.killEngine(node.id);
		const failed = await untilLost(node);
		expect(failed.message).toContain("Another node will take its place");
		expect(host.plane.observationOf(node.id)).toMatchObject({ phase: "exited", restarts: index });
		writeFileSync(file, whole);
		const permit = { generation: index + 2, launchPermit: index + 1 };
		const again = nodes.map((each) => ({ ...each, ...permit }));
		host.plane.setAssignments(again);
		await untilFormed(host, again);
	}
	expect(readFileSync(join(host.homeDir, "damaged", `${node.id}-nodes.conf`))).toHaveLength(200);
	// What a running engine says about itself counts too, whatever its files say.
	const client = await host.connect(node.port, "larder");
	await client.command(["CLUSTER", "RESET", "HARD"], 20_000);
	client.close();
	await untilLost(node);
	expect(host.engineProcess(node.id)).toBeNull();
});

function nodesFile(assignment: Assignment): string {
	const file = join(host.homeDir, "instances", assignment.id, "data", "nodes.conf");
	return readFileSync(file, "utf8");
}

/** The node's file without what engines change in it by themselves: pings, links, and whether a replica may lead. */
function knownNodes(assignment: Assignment): string {
	return nodesFile(assignment)
		.replaceAll(",nofailover", "")
		.replaceAll(/ \d+ \d+ (\d+) (?:dis)?connected/g, " $1");
}

function untilLost({ id }: Assignment) {
	return host.plane.until("the cause is reported", () => {
		const { phase, reason } = host.plane.observationOf(id) ?? {};
		return phase === "exited" && reason?.code === "identity-lost" && reason;
	});
}
