import { afterEach, beforeEach, expect, test } from "vitest";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { eventually, TestHost } from "../testing/agent-fixture.ts";
import { makeOrder } from "../testing/assignments.ts";
import { keysOf, makeCluster, untilFormed } from "../testing/clusters.ts";

let host: TestHost;

beforeEach(async () => {
	host = new TestHost("127.0.1.14");
	await host.plane.start();
});
afterEach(() => host.dispose());

const VALKEY = { engine: "valkey", engineVersion: "9" } as const;
const REDIS = { engine: "redis", engineVersion: "7" } as const;

test("a crashed replica returns with its identity, and one that gets an order takes over by vote", async () => {
	const nodes = await makeCluster({ host: host.address, shards: 3, replicas: 1, ...VALKEY });
	host.startAgent();
	host.plane.setAssignments(nodes);
	await untilFormed(host, nodes);
	const [primary, replica] = nodes;
	if (primary === undefined || replica === undefined) throw new Error("no cluster");
	const { pid, identity } = { pid: host.engineProcess(replica.id)?.pid, identity: replica.cluster };
	host.killEngine(replica.id);
	await host.plane.until("it is back", () => {
		const seen = host.plane.observationOf(replica.id);
		return seen?.pid !== null && seen?.pid !== pid && seen?.phase === "running";
	});
	await untilFormed(host, nodes);
	expect(host.plane.observationOf(replica.id)?.engineState?.cluster?.nodeId).toBe(identity?.nodeId);
	// It may ask for votes again, because it has synced again.
	const asked = await host.connect(replica.port, "larder");
	await eventually("it may lead", async () => {
		const answer = await asked.command(["CONFIG", "GET", "cluster-replica-no-failover"], 20_000);
		return String(answer) === "cluster-replica-no-failover,no";
	});
	asked.close();
	// The slot of {orders} belongs to the first shard.
	const client = await host.connect(primary.port, "larder");
	for (let i = 0; i < 200; i++) await client.command(["SET", `{orders}:${i}`, "x"], 20_000);
	expect(await client.command(["WAIT", "1", "20000"], 30_000)).toBe(1);
	client.close();
	// The primary dies, and the control plane promotes its replica.
	host.killEngine(primary.id);
	await host.plane.until("the primary's exit is reported", () => {
		return host.plane.observationOf(primary.id)?.phase === "exited";
	});
	const askedAt = performance.now();
	const elected = await host.plane.order(makeOrder(host.address, primary, [replica]));
	expect(elected).toMatchObject({ outcome: "done", leaderNodeId: replica.id });
	if (process.env.LARDER_TEST_TIMES) console.log(`${(performance.now() - askedAt).toFixed(0)} ms`);
	const promoted = promote(nodes, primary, replica);
	host.plane.setAssignments(promoted);
	await untilFormed(host, promoted);
	// The old primary didn't come back as an empty primary before its replica had taken over.
	expect(await keysOf(host, replica)).toBe(200);
});

test.each([VALKEY, REDIS])(
	"$engine hands a shard over and back without delay, every time it is asked to",
	async (flavor) => {
		let nodes = await makeCluster({ host: host.address, shards: 3, replicas: 1, ...flavor });
		host.startAgent();
		host.plane.setAssignments(nodes);
		await untilFormed(host, nodes);
		const [first, second] = nodes;
		if (first === undefined || second === undefined) throw new Error("no cluster");
		const times: number[] = [];
		for (let round = 0; round < 4; round++) {
			const ids = round % 2 === 0 ? [first.id, second.id] : [second.id, first.id];
			const [from, to] = ids.map((id) => nodes.find((node) => node.id === id));
			if (from === undefined || to === undefined) throw new Error("no cluster");
			const client = await host.connect(from.port, "larder");
			for (let i = 0; i < 50; i++) {
				await client.command(["SET", `{orders}:${round}:${i}`, "x"], 20_000);
			}
			const order = makeOrder(host.address, from, [to], { kind: "planned" });
			const handedOver = await host.plane.order(order);
			expect(handedOver).toMatchObject({ outcome: "done", message: "", leaderNodeId: to.id });
			times.push(handedOver.writesUnavailableMs ?? Number.NaN);
			// The old primary immediately redirects the clients whose writes it held up.
			await expect(client.command(["SET", "{orders}", "x"], 20_000)).rejects.toThrow("MOVED");
			client.close();
			nodes = promote(nodes, from, to);
			host.plane.setAssignments(nodes);
			await untilFormed(host, nodes);
			expect(await keysOf(host, to)).toBe(50 * (round + 1));
		}
		if (process.env.LARDER_TEST_TIMES) console.log(times.map((ms) => ms.toFixed(0)).join(", "));
		expect(Math.max(...times)).toBeLessThan(2_000);
	},
);

test("the replica with the most data is elected, and the other follows it", async () => {
	const nodes = await makeCluster({ host: host.address, shards: 3, replicas: 2, ...VALKEY });
	host.startAgent();
	host.plane.setAssignments(nodes);
	await untilFormed(host, nodes);
	const [primary, second, third] = nodes;
	if (primary === undefined || second === undefined || third === undefined) {
		throw new Error("no cluster");
	}
	host.killEngine(primary.id);
	await host.plane.until("the primary's exit is reported", () => {
		return host.plane.observationOf(primary.id)?.phase === "exited";
	});
	const askedAt = performance.now();
	const result = await host.plane.order(makeOrder(host.address, primary, [second, third]));
	if (process.env.LARDER_TEST_TIMES) console.log(`${(performance.now() - askedAt).toFixed(0)} ms`);
	const leader = [second, third].find(({ id }) => id === result.leaderNodeId);
	if (leader === undefined) throw new Error(result.message);
	const promoted = promote(nodes, primary, leader);
	host.plane.setAssignments(promoted);
	await untilFormed(host, promoted);
	// A repeated order finds that it is already done.
	const again = await host.plane.order(makeOrder(host.address, primary, [second, third]));
	expect(again.leaderNodeId).toBe(leader.id);
});

test("desired state alone promotes no replica; without voters, a replica takes over on an order", async () => {
	const nodes = await makeCluster({ host: host.address, shards: 1, replicas: 1, ...VALKEY });
	host.startAgent();
	host.plane.setAssignments(nodes);
	await untilFormed(host, nodes);
	const [primary, replica] = nodes;
	if (primary === undefined || replica === undefined) throw new Error("no cluster");
	const promoted = promote(nodes, primary, replica);
	host.plane.setAssignments(promoted);
	const reports = host.plane.reports.length;
	await host.plane.until("two more reports", () => host.plane.reports.length >= reports + 2);
	expect(host.plane.observationOf(replica.id)?.engineState?.role).toBe("replica");
	expect(host.plane.observationOf(primary.id)?.engineState?.role).toBe("primary");
	host.killEngine(primary.id);
	await host.plane.until("the primary's exit is reported", () => {
		return host.plane.observationOf(primary.id)?.phase === "exited";
	});
	// Its shard was the only one, so no node can vote.
	const order = makeOrder(host.address, primary, [replica], { takeover: true });
	expect((await host.plane.order(order)).leaderNodeId).toBe(replica.id);
	await untilFormed(host, promoted);
});

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
