import { createServer, type Server } from "node:net";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../../platform/process-identity.ts";
import type { Assignment, OrderResult } from "../../server/contract/agent.ts";
import { ensureEngine } from "../bundles/index.ts";
import { eventually, freePort, TestHost } from "../testing/agent-fixture.ts";
import { makeAssignment, makeOrder } from "../testing/assignments.ts";

let host: TestHost;
const servers: Server[] = [];

beforeAll(async () => {
	await ensureEngine({ engine: "valkey", version: "9" });
}, 120_000);

beforeEach(async () => {
	host = new TestHost("127.0.1.7");
	await host.plane.start();
	host.startAgent();
});
afterEach(async () => {
	for (const server of servers.splice(0)) server.close();
	await host.dispose();
});

/** A primary and replicas in sync. */
async function startShard(replicas: number, changes: Partial<Assignment> = {}) {
	const primary = makeAssignment({
		...{ port: await freePort(host.address), onExit: "report", ...changes },
	});
	const followers: Assignment[] = [];
	for (let index = 0; index < replicas; index++) {
		followers.push(
			makeAssignment({
				...{ port: await freePort(host.address), nodeName: `orders-00${index + 2}`, ...changes },
				role: { kind: "replica", of: { host: host.address, port: primary.port } },
			}),
		);
	}
	host.plane.setAssignments([primary, ...followers]);
	for (const { id, nodeName } of followers) {
		await host.plane.until(`${nodeName} is in sync`, () => {
			return host.plane.observationOf(id)?.engineState?.linkUp;
		});
	}
	return { primary, followers };
}

function kill(assignment: Assignment): void {
	const engine = host.engineProcess(assignment.id);
	if (engine !== null) signalProcess(engine, "SIGKILL");
}

async function ask(assignment: Assignment, ...words: string[]): Promise<unknown> {
	const client = await host.connect(assignment.port, "larder");
	try {
		return await client.command(words, 2_000);
	} finally {
		client.close();
	}
}

async function roleOf(assignment: Assignment): Promise<unknown> {
	const role = await ask(assignment, "ROLE");
	return Array.isArray(role) ? role[0] : role;
}

function untilExited({ id }: Assignment) {
	return host.plane.until("the exit is told", () => {
		return host.plane.observationOf(id)?.phase === "exited";
	});
}

test("a replica leads at once when its primary has died, and the others follow it", async () => {
	const { primary, followers } = await startShard(2);
	await ask(primary, "SET", "a", "1");
	kill(primary);
	await untilExited(primary);
	const result = await host.plane.order(makeOrder(host.address, primary, followers));
	const leader = followers.find(({ id }) => id === result.leaderNodeId);
	const other = followers.find(({ id }) => id !== result.leaderNodeId);
	if (leader === undefined || other === undefined) throw new Error(result.message);
	expect(result).toMatchObject({ outcome: "done", message: "", writesUnavailableMs: null });
	expect(await ask(leader, "SET", "b", "1")).toBe("OK");
	expect(await ask(leader, "GET", "a")).toBe("1");
	// Turned by the order, not by its agent, for which the old primary is still the one to follow.
	await eventually("the other one follows it", async () => {
		const role = await ask(other, "ROLE");
		return Array.isArray(role) && role[2] === leader.port && role[3] === "connected";
	});
	await host.plane.until("its agent tells who leads", () => {
		return host.plane.observationOf(leader.id)?.engineState?.role === "primary";
	});
});

test("how long a promotion takes", async () => {
	const times: number[] = [];
	for (let round = 0; round < 5; round++) {
		const { primary, followers } = await startShard(1);
		kill(primary);
		await untilExited(primary);
		const askedAt = performance.now();
		const { outcome } = await host.plane.order(makeOrder(host.address, primary, followers));
		times.push(performance.now() - askedAt);
		expect(outcome).toBe("done");
	}
	times.sort((a, b) => a - b);
	if (process.env.LARDER_TEST_TIMES) {
		console.log(`notice to result: ${times.map((ms) => ms.toFixed(1)).join(", ")} ms`);
	}
});

test("an order that is told again is carried out once, and its result told again", async () => {
	const { primary, followers } = await startShard(1);
	await ask(primary, "SET", "a", "1");
	kill(primary);
	await untilExited(primary);
	const order = makeOrder(host.address, primary, followers);
	await host.plane.order(order);
	const [replica] = followers;
	if (replica === undefined) throw new Error("no replica");
	// Were it carried out again, this would be undone.
	await ask(replica, "REPLICAOF", "127.0.0.1", "1");
	host.plane.notify({ kind: "failover", order });
	await host.plane.until("the result is told again", () => {
		return host.plane.orderResults.filter(({ id }) => id === order.id).length === 2;
	});
	expect(await roleOf(replica)).toBe("slave");
	const other = await host.plane.order(makeOrder(host.address, primary, followers));
	expect(other.outcome).toBe("done");
});

test("whoever leads already is left to lead", async () => {
	const { primary, followers } = await startShard(2);
	kill(primary);
	await untilExited(primary);
	const [, second] = followers;
	if (second === undefined) throw new Error("no replica");
	await ask(second, "REPLICAOF", "NO", "ONE");
	const { leaderNodeId } = await host.plane.order(makeOrder(host.address, primary, followers));
	expect(leaderNodeId).toBe(second.id);
	const roles = await Promise.all(followers.map(roleOf));
	expect(roles).toEqual(["slave", "master"]);
});

test("a silent primary that answers, or that a replica hears from, is left to lead", async () => {
	const { primary, followers } = await startShard(1);
	const order = () => makeOrder(host.address, primary, followers, { fromState: "silent" });
	const answering = await host.plane.order(order());
	expect(answering).toMatchObject({ outcome: "refused", leaderNodeId: null });
	expect(answering.message).toContain("answers this host");
	// It hangs, and its replica heard from it just now.
	const [replica] = followers;
	const engine = host.engineProcess(primary.id);
	if (engine === null || replica === undefined) throw new Error("no engine");
	await ask(primary, "SET", "a", "1");
	await eventually("the replica has it", async () => (await ask(replica, "GET", "a")) === "1");
	signalProcess(engine, "SIGSTOP");
	const heard = await host.plane.order(order());
	expect(heard.outcome).toBe("refused");
	expect(heard.message).toContain("heard from orders-001");
	let last: OrderResult = heard;
	await eventually("two seconds later it is replaced", async () => {
		last = await host.plane.order(order());
		return last.outcome === "done";
	});
	expect(last.leaderNodeId).toBe(replica.id);
});

test("while a Sentinel fails over by itself, nobody is promoted", async () => {
	const { primary, followers } = await startShard(1);
	kill(primary);
	await untilExited(primary);
	const port = await sentinelThatSays("master,o_down,failover_in_progress");
	const idle = await sentinelThatSays("master,s_down");
	const sentinels = [port, idle, await freePort(host.address)].map((each) => ({
		...{ host: host.address, port: each },
	}));
	const refused = await host.plane.order(
		makeOrder(host.address, primary, followers, { sentinels }),
	);
	expect(refused).toMatchObject({ outcome: "refused" });
	expect(refused.message).toContain(`${host.address}:${port}`);
	const done = await host.plane.order(
		makeOrder(host.address, primary, followers, { sentinels: sentinels.slice(1) }),
	);
	expect(done.outcome).toBe("done");
});

/** Whatever it is asked after its login, it answers with these flags. */
async function sentinelThatSays(flags: string): Promise<number> {
	const port = await freePort(host.address);
	const server = createServer((socket) => {
		socket.on("error", () => {});
		socket.on("data", (data: Buffer) => {
			if (data.includes("AUTH")) socket.write("+OK\r\n");
			const questions = data.toString().split("\r\nSENTINEL\r\n").length - 1;
			const answer = `*2\r\n$5\r\nflags\r\n$${flags.length}\r\n${flags}\r\n`;
			if (questions > 0) socket.write(answer.repeat(questions));
		});
	});
	servers.push(server);
	await new Promise<void>((resolve) => server.listen(port, host.address, resolve));
	return port;
}

test("a replica that has none of the data doesn't lead, nor does one that doesn't answer hold up others", async () => {
	const { primary, followers } = await startShard(1);
	const empty = makeAssignment({
		...{ port: await freePort(host.address), nodeName: "orders-003" },
		role: { kind: "replica", of: { host: host.address, port: await freePort(host.address) } },
	});
	host.plane.setAssignments([primary, ...followers, empty]);
	await host.plane.until("it runs", () => {
		return host.plane.observationOf(empty.id)?.phase === "running";
	});
	kill(primary);
	await untilExited(primary);
	const alone = await host.plane.order(makeOrder(host.address, primary, [empty]));
	expect(alone).toMatchObject({ outcome: "failed", leaderNodeId: null });
	expect(alone.message).toContain("orders-003 has none of the data");
	const [replica] = followers;
	const hung = host.engineProcess(empty.id);
	if (replica === undefined || hung === null) throw new Error("no engine");
	signalProcess(hung, "SIGSTOP");
	const result = await host.plane.order(makeOrder(host.address, primary, [empty, replica]));
	expect(result.leaderNodeId).toBe(replica.id);
	signalProcess(hung, "SIGCONT");
});

test("an order for a node that this host doesn't run is refused", async () => {
	const { primary, followers } = await startShard(1);
	const stranger = makeAssignment({ port: 1, nodeName: "orders-009" });
	const order = makeOrder(host.address, primary, [stranger, ...followers]);
	expect(await host.plane.order(order)).toMatchObject({
		...{ outcome: "refused", leaderNodeId: null },
		message: "this host doesn't run orders-009, so it can't carry the order out",
	});
	expect(await roleOf(primary)).toBe("master");
});

test("a new primary takes writes before it has replicas, and gets its own settings back", async () => {
	const parameters = [{ name: "min-replicas-to-write", value: "1", live: true }];
	const { primary, followers } = await startShard(1, { parameters });
	const [replica] = followers;
	if (replica === undefined) throw new Error("no replica");
	kill(primary);
	await untilExited(primary);
	await host.plane.order(makeOrder(host.address, primary, followers));
	await eventually("the setting is back", async () => {
		const [, value] = [await ask(replica, "CONFIG", "GET", "min-replicas-to-write")].flat();
		return value === "1";
	});
});
