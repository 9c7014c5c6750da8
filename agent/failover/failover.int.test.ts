import { createServer, type Server } from "node:net";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../../platform/process-identity.ts";
import type { Assignment, FailoverOrder } from "../../server/contract/desired-state.ts";
import type { OrderResult } from "../../server/contract/host-report.ts";
import { ensureEngine } from "../bundles/index.ts";
import { eventually, freePort, TestHost, TIMED } from "../testing/agent-fixture.ts";
import { makeAssignment, makeOrder } from "../testing/assignments.ts";

let host: TestHost;
const servers: Server[] = [];

beforeAll(async () => {
	await ensureEngine({ engine: "valkey", version: "9" });
});

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

async function ask(assignment: Assignment, ...words: string[]): Promise<unknown> {
	const client = await host.connect(assignment.port, "larder");
	try {
		return await client.command(words, 20_000);
	} finally {
		client.close();
	}
}

async function roleOf(assignment: Assignment): Promise<unknown> {
	const role = await ask(assignment, "ROLE");
	return Array.isArray(role) ? role[0] : role;
}

function untilExited({ id }: Assignment) {
	return host.plane.until("the exit is reported", () => {
		return host.plane.observationOf(id)?.phase === "exited";
	});
}

test("a replica takes over at once after its primary has died, and the others follow it", async () => {
	const { primary, followers } = await startShard(2);
	await ask(primary, "SET", "a", "1");
	host.killEngine(primary.id);
	await untilExited(primary);
	const result = await host.plane.order(makeOrder(host.address, primary, followers));
	const leader = followers.find(({ id }) => id === result.leaderNodeId);
	const other = followers.find(({ id }) => id !== result.leaderNodeId);
	if (leader === undefined || other === undefined) throw new Error(result.message);
	expect(result).toMatchObject({ outcome: "done", message: "", writesUnavailableMs: null });
	expect(await ask(leader, "SET", "b", "1")).toBe("OK");
	expect(await ask(leader, "GET", "a")).toBe("1");
	// The order re-pointed it, not its own agent, which still considers the old primary the one to follow.
	await eventually("the other one follows it", async () => {
		const role = await ask(other, "ROLE");
		return Array.isArray(role) && role[2] === leader.port && role[3] === "connected";
	});
	await host.plane.until("its agent reports the new primary", () => {
		return host.plane.observationOf(leader.id)?.engineState?.role === "primary";
	});
});

test("how long a promotion takes", async () => {
	const times: number[] = [];
	for (let round = 0; round < 5; round++) {
		const { primary, followers } = await startShard(1);
		host.killEngine(primary.id);
		await untilExited(primary);
		const askedAt = performance.now();
		const { outcome, message } = await host.plane.order(
			makeOrder(host.address, primary, followers),
		);
		times.push(performance.now() - askedAt);
		expect({ outcome, message }).toEqual({ outcome: "done", message: "" });
	}
	times.sort((a, b) => a - b);
	if (process.env.LARDER_TEST_TIMES) {
		console.log(`notice to result: ${times.map((ms) => ms.toFixed(1)).join(", ")} ms`);
	}
});

test("an order that arrives again is carried out once, and its result reported again", async () => {
	const { primary, followers } = await startShard(1);
	await ask(primary, "SET", "a", "1");
	host.killEngine(primary.id);
	await untilExited(primary);
	const order = makeOrder(host.address, primary, followers);
	await host.plane.order(order);
	const [replica] = followers;
	if (replica === undefined) throw new Error("no replica");
	// If it were carried out again, this would be undone.
	await ask(replica, "REPLICAOF", "127.0.0.1", "1");
	host.plane.notify({ kind: "failover", order });
	await host.plane.until("the result is reported again", () => {
		return host.plane.orderResults.filter(({ id }) => id === order.id).length === 2;
	});
	expect(await roleOf(replica)).toBe("slave");
	const other = await host.plane.order(makeOrder(host.address, primary, followers));
	expect(other.outcome).toBe("done");
});

test("a node that is already primary stays primary", async () => {
	const { primary, followers } = await startShard(2);
	host.killEngine(primary.id);
	await untilExited(primary);
	const [, second] = followers;
	if (second === undefined) throw new Error("no replica");
	await ask(second, "REPLICAOF", "NO", "ONE");
	const { leaderNodeId } = await host.plane.order(makeOrder(host.address, primary, followers));
	expect(leaderNodeId).toBe(second.id);
	const roles = await Promise.all(followers.map(roleOf));
	expect(roles).toEqual(["slave", "master"]);
});

/** Gives the order again while engines of a busy machine don't answer in time. Returns who leads. */
async function orderUntilDone(
	from: Assignment,
	candidates: readonly Assignment[],
	others: FailoverOrder["others"],
): Promise<string | null> {
	let leaderNodeId: string | null = null;
	await eventually("an order is carried out", async () => {
		const result = await host.plane.order(makeOrder(host.address, from, candidates, { others }));
		leaderNodeId = result.leaderNodeId;
		return result.outcome === "done";
	});
	return leaderNodeId;
}

test("a node that leads already and isn't among the candidates stays primary", async () => {
	const { primary, followers } = await startShard(2);
	const [first, second] = followers;
	if (first === undefined || second === undefined) throw new Error("no replicas");
	host.killEngine(primary.id);
	await untilExited(primary);
	await ask(second, "REPLICAOF", "NO", "ONE");
	const others = makeOrder(host.address, primary, [second]).candidates;
	expect(await orderUntilDone(primary, [first], others)).toBe(second.id);
	await eventually("the other one follows it", async () => {
		const role = await ask(first, "ROLE");
		return Array.isArray(role) && role[2] === second.port && role[3] === "connected";
	});
});

test("a former primary that an earlier failover left behind doesn't count as leading", async () => {
	const { primary: former, followers } = await startShard(2);
	const [first, second] = followers;
	if (first === undefined || second === undefined) throw new Error("no replicas");
	const primary: Assignment = { ...first, role: { kind: "primary" }, onExit: "report" };
	const replica: Assignment = {
		...{ ...second, role: { kind: "replica", of: { host: host.address, port: primary.port } } },
	};
	host.plane.setAssignments([former, primary, replica]);
	// While the agent holds the earlier assignment, it may make a promoted node follow the former primary again.
	await host.plane.untilHeld();
	await ask(first, "REPLICAOF", "NO", "ONE");
	await ask(primary, "SET", "a", "1");
	await eventually("it has what the new primary wrote", async () => {
		return (await ask(replica, "GET", "a")) === "1";
	});
	host.killEngine(primary.id);
	await untilExited(primary);
	expect(await roleOf(former)).toBe("master");
	const others = makeOrder(host.address, primary, [former]).candidates;
	expect(await orderUntilDone(primary, [replica], others)).toBe(replica.id);
	expect(await ask(replica, "GET", "a")).toBe("1");
});

test("a primary reported as silent stays primary if it answers or a replica hears from it", async () => {
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

test("a restarted replica can't become primary before it has synced again", async () => {
	const { primary, followers } = await startShard(1);
	const [replica] = followers;
	const engine = host.engineProcess(primary.id);
	if (engine === null || replica === undefined) throw new Error("no engine");
	const seen = () => host.plane.observationOf(replica.id);
	const priority = async () => {
		return /slave_priority:(\d+)/.exec(String(await ask(replica, "INFO", "replication")))?.[1];
	};
	await host.plane.until("it gets permission to lead", () => seen()?.engineState?.synced);
	expect(await priority()).toBe("100");
	await ask(primary, "SET", "a", "1");
	signalProcess(engine, "SIGSTOP");
	host.killEngine(replica.id);
	await host.plane.until("another process answers", () => {
		const state = seen();
		return state !== undefined && state.restarts > 0 && state.engineState?.synced === false;
	});
	// Sentinels skip it, and so does an order from a control plane that doesn't know about the restart.
	expect(await priority()).toBe("0");
	const refused = await host.plane.order(makeOrder(host.address, primary, followers));
	expect(refused).toMatchObject({ outcome: "failed", leaderNodeId: null });
	expect(refused.message).toContain("orders-002 hasn't synced");
	signalProcess(engine, "SIGCONT");
	await host.plane.until("it has synced", () => seen()?.engineState?.synced);
	await eventually("it may lead", async () => (await priority()) === "100");
	expect(await ask(replica, "GET", "a")).toBe("1");
	// Older reports may call a primary a replica.
	const demoted = makeOrder(host.address, primary, followers, { fromState: "demoted" });
	const leading = await host.plane.order(demoted);
	expect(leading).toMatchObject({ outcome: "refused", leaderNodeId: null });
	expect(leading.message).toContain("orders-001 says that it is the primary");
});

test("while a Sentinel runs a failover of its own, an order promotes nothing", TIMED, async () => {
	const { primary, followers } = await startShard(1);
	host.killEngine(primary.id);
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

/** A Sentinel that answers every command after its login with these flags. */
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

test("a replica without data isn't promoted, and one that doesn't answer doesn't hold up others", async () => {
	const { primary, followers } = await startShard(1);
	const empty = makeAssignment({
		...{ port: await freePort(host.address), nodeName: "orders-003" },
		role: { kind: "replica", of: { host: host.address, port: await freePort(host.address) } },
	});
	host.plane.setAssignments([primary, ...followers, empty]);
	await host.plane.until("it runs", () => {
		return host.plane.observationOf(empty.id)?.phase === "running";
	});
	host.killEngine(primary.id);
	await untilExited(primary);
	const alone = await host.plane.order(makeOrder(host.address, primary, [empty]));
	expect(alone).toMatchObject({ outcome: "failed", leaderNodeId: null });
	expect(alone.message).toContain("orders-003 hasn't synced since it started");
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
		message: "this host doesn't run orders-009, so it can't carry out the order",
	});
	expect(await roleOf(primary)).toBe("master");
});

test("a new primary takes writes before it has replicas, and then gets its own settings back", async () => {
	const parameters = [{ name: "min-replicas-to-write", value: "1", live: true }];
	const { primary, followers } = await startShard(1, { parameters });
	const [replica] = followers;
	if (replica === undefined) throw new Error("no replica");
	host.killEngine(primary.id);
	await untilExited(primary);
	await host.plane.order(makeOrder(host.address, primary, followers));
	await eventually("the setting is back", async () => {
		const [, value] = [await ask(replica, "CONFIG", "GET", "min-replicas-to-write")].flat();
		return value === "1";
	});
});
