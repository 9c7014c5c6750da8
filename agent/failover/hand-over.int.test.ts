import { afterEach, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../../platform/process-identity.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { EngineConnection } from "../drivers/engine-connection.ts";
import { eventually, freePort, TestHost } from "../testing/agent-fixture.ts";
import { GATEWAY_PASSWORD, makeAssignment, makeOrder } from "../testing/assignments.ts";
import { EndpointClient } from "../testing/endpoint-client.ts";

let host: TestHost;

beforeEach(async () => {
	host = new TestHost("127.0.1.8");
	await host.plane.start();
	host.startAgent();
});
afterEach(() => host.dispose());

const ENGINES = [
	{ engine: "valkey", engineVersion: "9" },
	{ engine: "redis", engineVersion: "7" },
] as const;
const ROUNDS = 5;
const PIPELINE = 50;

type Flavor = (typeof ENGINES)[number];

/** A primary and two replicas in sync. */
async function startShard(flavor: Flavor): Promise<[Assignment, Assignment, Assignment]> {
	const ports = [
		await freePort(host.address),
		await freePort(host.address),
		await freePort(host.address),
	];
	const nodes = ports.map((port, index) =>
		makeAssignment({ ...flavor, port, nodeName: `orders-00${index + 1}` }),
	);
	const [first, second, third] = nodes;
	if (first === undefined || second === undefined || third === undefined) throw new Error();
	const shard: [Assignment, Assignment, Assignment] = [first, second, third];
	await lead(shard, first);
	return shard;
}

/**
 * Makes the control plane name the primary, as it does after each failover, and waits until all nodes agree.
 */
async function lead(shard: readonly Assignment[], leader: Assignment): Promise<void> {
	const of = { host: host.address, port: leader.port };
	for (const node of shard) node.generation++;
	host.plane.setAssignments(
		shard.map((node) => ({
			...node,
			role: node === leader ? { kind: "primary" as const } : { kind: "replica" as const, of },
		})),
	);
	await host.plane.until(`${leader.nodeName} leads`, () =>
		shard.every(({ id, generation }) => {
			const seen = host.plane.observationOf(id);
			return seen?.generation === generation && seen.engineState?.linkUp;
		}),
	);
}

/** Serves a shard's stable endpoints on this host; returns the primary's port. */
async function openEndpoints(shard: readonly Assignment[], leader: Assignment): Promise<number> {
	const primary = await freePort(host.address);
	const { cacheId, cacheName, engine, auth } = leader;
	host.plane.setRoutes([
		{
			...{ cacheId, cacheName, engine, discovery: null, sentinel: null, tcpKeepaliveSeconds: 300 },
			ports: { primary, reader: await freePort(host.address), configuration: null },
			servers: shard.map((node) => ({
				...{ nodeId: node.id, host: host.address, port: node.port, leads: node === leader },
			})),
			check: { username: auth.gatewayUsername, password: GATEWAY_PASSWORD },
		},
	]);
	await host.plane.until("the endpoints are open", () => host.plane.gateway?.routes[0]?.ready);
	return primary;
}

/**
 * Writes numbered keys through the primary, several at once, and counts the acknowledged ones. Like a client
 * of an endpoint it reconnects whenever it is disconnected or told that it writes to a replica.
 */
class Writer {
	readonly acknowledged: string[] = [];
	private readonly running: Promise<void>;
	private stopped = false;

	constructor(shard: readonly Assignment[], name: string, atOnce: number) {
		this.running = this.run(shard, name, atOnce);
	}

	async stop(): Promise<void> {
		this.stopped = true;
		await this.running;
	}

	private async run(shard: readonly Assignment[], name: string, atOnce: number): Promise<void> {
		let connection: EngineConnection | null = null;
		for (let count = 0; !this.stopped; count++) {
			connection ??= await connectToPrimary(shard);
			const open = connection;
			const keys = Array.from({ length: atOnce }, (_, index) => `${name}:${count}:${index}`);
			await Promise.all(
				keys.map(async (key) => {
					try {
						await open.command(["SET", key, "1"], 4_000);
						this.acknowledged.push(key);
					} catch {
						open.close();
						connection = null;
					}
				}),
			);
		}
		connection?.close();
	}
}

async function connectToPrimary(shard: readonly Assignment[]): Promise<EngineConnection> {
	for (;;) {
		for (const { port } of shard) {
			const connection = await host.connect(port).catch(() => null);
			const role = await connection?.command(["ROLE"], 1_000).catch(() => null);
			if (connection && Array.isArray(role) && role[0] === "master") return connection;
			connection?.close();
		}
	}
}

test.each(ENGINES)(
	"$engine hands over five times under load without losing an acknowledged write, and no client of the endpoint meets a node that isn't primary",
	async (flavor) => {
		const shard = await startShard(flavor);
		const writers = [new Writer(shard, "one", 1), new Writer(shard, "many", PIPELINE)];
		const endpoint = await openEndpoints(shard, shard[0]);
		const through = (...command: string[]) =>
			new EndpointClient(() => host.connect(endpoint), command);
		const clients = [
			...Array.from({ length: 2 }, () => through("INCR", "counter")),
			through("BLPOP", "empty", "0"),
		];
		const reader = through("XREAD", "BLOCK", "0", "STREAMS", "empty-stream", "0");
		const times: number[] = [];
		let [from, to] = [shard[0], shard[1]];
		for (let round = 0; round < ROUNDS; round++) {
			const others = shard.filter((node) => node !== from && node !== to);
			const order = makeOrder(host.address, from, [to, ...others], { kind: "planned" });
			const result = await host.plane.order(order);
			expect(result).toMatchObject({ outcome: "done", message: "", leaderNodeId: to.id });
			times.push(result.writesUnavailableMs ?? Number.NaN);
			const before = writers.map(({ acknowledged }) => acknowledged.length);
			const atEndpoint = clients[0]?.answeredAt.length ?? 0;
			await lead(shard, to);
			await eventually("writes go on", () =>
				writers.every(({ acknowledged }, index) => acknowledged.length > (before[index] ?? 0)),
			);
			await eventually("and through the endpoint", () => {
				return (clients[0]?.answeredAt.length ?? 0) > atEndpoint;
			});
			[from, to] = [to, from];
		}
		expect(clients.flatMap(({ refusals }) => refusals)).toEqual([]);
		// No pause holds up a client that only reads: it may be back, and wait again, just before the roles change.
		expect(reader.refusals.filter((code) => code !== "UNBLOCKED")).toEqual([]);
		expect(reader.refusals.length).toBeLessThan(ROUNDS);
		await Promise.all([...writers, ...clients, reader].map((writer) => writer.stop()));
		const keys = writers.flatMap(({ acknowledged }) => acknowledged);
		const client = await host.connect(from.port);
		const values = await Promise.all(keys.map((key) => client.command(["GET", key], 30_000)));
		client.close();
		expect(values.filter((value) => value !== "1")).toEqual([]);
		expect(keys.length).toBeGreaterThan(ROUNDS * PIPELINE);
		if (process.env.LARDER_TEST_TIMES) {
			const texts = times.sort((a, b) => a - b).map((ms) => ms.toFixed(1));
			console.log(`${flavor.engine}: ${keys.length} writes, unavailable ${texts.join(", ")} ms`);
		}
	},
);

test("a target that doesn't catch up isn't promoted, and writes continue where they were", async () => {
	const shard = await startShard(ENGINES[0]);
	const [primary, target, other] = shard;
	const hung = host.engineProcess(target.id);
	if (hung === null) throw new Error("no engine");
	const writer = new Writer(shard, "one", 1);
	signalProcess(hung, "SIGSTOP");
	const order = makeOrder(host.address, primary, [target, other], { kind: "planned" });
	const refused = await host.plane.order(order);
	expect(refused).toMatchObject({ outcome: "refused", leaderNodeId: null });
	expect(refused.message).toContain("orders-002 doesn't answer");
	signalProcess(hung, "SIGCONT");
	const before = writer.acknowledged.length;
	await eventually("writes go on", () => writer.acknowledged.length > before);
	await writer.stop();
	// A replica that its primary doesn't know can't take over either.
	const client = await host.connect(other.port, "larder");
	await client.command(["REPLICAOF", "127.0.0.1", "1"], 20_000);
	client.close();
	const stray = await host.plane.order(
		makeOrder(host.address, primary, [other, target], { kind: "planned" }),
	);
	expect(stray.outcome).toBe("refused");
	expect(stray.message).toContain("isn't in sync");
});

test("a hand-over that has already happened counts as done", async () => {
	const shard = await startShard(ENGINES[0]);
	const [primary, target, other] = shard;
	const order = () => makeOrder(host.address, primary, [target, other], { kind: "planned" });
	expect((await host.plane.order(order())).outcome).toBe("done");
	expect(await host.plane.order(order())).toMatchObject({
		...{ outcome: "done", leaderNodeId: target.id, writesUnavailableMs: null },
	});
});
