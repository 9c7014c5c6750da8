import { afterEach, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../../platform/process-identity.ts";
import type { Assignment } from "../../server/contract/agent.ts";
import type { EngineConnection } from "../drivers/engine-connection.ts";
import { eventually, freePort, TestHost } from "../testing/agent-fixture.ts";
import { makeAssignment, makeOrder } from "../testing/assignments.ts";

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
const ROUNDS = 10;
const PIPELINE = 50;

type Flavour = (typeof ENGINES)[number];

/** A primary and two replicas in sync. */
async function startShard(flavour: Flavour): Promise<[Assignment, Assignment, Assignment]> {
	const ports = [
		await freePort(host.address),
		await freePort(host.address),
		await freePort(host.address),
	];
	const nodes = ports.map((port, index) =>
		makeAssignment({ ...flavour, port, nodeName: `orders-00${index + 1}` }),
	);
	const [first, second, third] = nodes;
	if (first === undefined || second === undefined || third === undefined) throw new Error();
	const shard: [Assignment, Assignment, Assignment] = [first, second, third];
	await lead(shard, first);
	return shard;
}

/** Has the control plane say who leads, as it does after each failover, and waits until all is so. */
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

/**
 * Writes numbered keys through whoever leads, so many at once, and keeps count of those that were acknowledged. Like a
 * client of an endpoint it connects anew whenever it is let go or told that it writes to a replica.
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
	"$engine hands over ten times under load without losing an acknowledged write",
	async (flavour) => {
		const shard = await startShard(flavour);
		const writers = [new Writer(shard, "one", 1), new Writer(shard, "many", PIPELINE)];
		const times: number[] = [];
		let [from, to] = [shard[0], shard[1]];
		for (let round = 0; round < ROUNDS; round++) {
			const others = shard.filter((node) => node !== from && node !== to);
			const order = makeOrder(host.address, from, [to, ...others], { kind: "planned" });
			const result = await host.plane.order(order);
			expect(result).toMatchObject({ outcome: "done", message: "", leaderNodeId: to.id });
			times.push(result.writesUnavailableMs ?? Number.NaN);
			const before = writers.map(({ acknowledged }) => acknowledged.length);
			await lead(shard, to);
			await eventually("writes go on", () =>
				writers.every(({ acknowledged }, index) => acknowledged.length > (before[index] ?? 0)),
			);
			[from, to] = [to, from];
		}
		await Promise.all(writers.map((writer) => writer.stop()));
		const keys = writers.flatMap(({ acknowledged }) => acknowledged);
		const client = await host.connect(from.port);
		const values = await Promise.all(keys.map((key) => client.command(["GET", key], 30_000)));
		client.close();
		expect(values.filter((value) => value !== "1")).toEqual([]);
		expect(keys.length).toBeGreaterThan(ROUNDS * PIPELINE);
		if (process.env.LARDER_TEST_TIMES) {
			const texts = times.sort((a, b) => a - b).map((ms) => ms.toFixed(1));
			console.log(`${flavour.engine}: ${keys.length} writes, unavailable ${texts.join(", ")} ms`);
		}
	},
);

test("a target that doesn't catch up doesn't lead, and writes go on where they were", async () => {
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
	// A replica that its primary doesn't know as one can't take over either.
	const client = await host.connect(other.port, "larder");
	await client.command(["REPLICAOF", "127.0.0.1", "1"], 1_000);
	client.close();
	const stray = await host.plane.order(
		makeOrder(host.address, primary, [other, target], { kind: "planned" }),
	);
	expect(stray.outcome).toBe("refused");
	expect(stray.message).toContain("isn't in sync");
});

test("a hand-over that has happened already is done", async () => {
	const shard = await startShard(ENGINES[0]);
	const [primary, target, other] = shard;
	const order = () => makeOrder(host.address, primary, [target, other], { kind: "planned" });
	expect((await host.plane.order(order())).outcome).toBe("done");
	expect(await host.plane.order(order())).toMatchObject({
		...{ outcome: "done", leaderNodeId: target.id, writesUnavailableMs: null },
	});
});
