import { once } from "node:events";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identifyProcess, signalProcess } from "../../platform/process-identity.ts";
import type { Route } from "../../server/contract/routes.ts";
import { eventually, killChild, TIMED } from "../testing/agent-fixture.ts";
import { EndpointClient } from "../testing/endpoint-client.ts";
import { type TestEngine, TestGateway } from "../testing/gateway-fixture.ts";

const ROUNDS = 5;
/** From the death of a primary to its replica's promotion. */
const PROMOTE_AFTER_MS = 20;

let host: TestGateway;

beforeEach(async () => {
	host = new TestGateway("127.0.1.11");
	await host.gateway.start();
});
afterEach(() => host.dispose());

function clientOf(port: number, ...command: string[]): EndpointClient {
	return new EndpointClient(() => host.connect(port), command);
}

/** A primary and its one replica. */
async function startPair() {
	const { others, ...pair } = await host.startReplicated();
	const [second] = others;
	if (second === undefined) throw new Error("no replica");
	return { ...pair, second };
}

async function applyUntilInForce(routes: Route[]): Promise<void> {
	const revision = host.apply(routes);
	await eventually("the table is in effect", () => {
		return host.gateway.observation()?.routeRevision === revision;
	});
}

async function elapse(ms: number): Promise<void> {
	const until = performance.now() + ms;
	await eventually("the time has passed", () => performance.now() >= until);
}

/**
 * Kills a primary under a writer and promotes its replica; returns the time until the first successful write.
 */
async function failOver(onPromoted: (route: Route, leader: TestEngine) => void): Promise<number> {
	const { first, second, route, primary } = await startPair();
	const writer = clientOf(primary, "INCR", "counter");
	await writer.firstAnswerAfter(performance.now());
	const promoter = await host.connect(second.port);
	first.child.kill("SIGKILL");
	await elapse(PROMOTE_AFTER_MS);
	await promoter.command(["REPLICAOF", "NO", "ONE"], 20_000);
	const promotedAt = performance.now();
	onPromoted(route, second);
	const tookMs = (await writer.firstAnswerAfter(promotedAt)) - promotedAt;
	expect(await host.portBehind(primary)).toBe(second.port);
	promoter.close();
	await writer.stop();
	await killChild(second.child);
	return tookMs;
}

async function measure(title: string, onPromoted: Parameters<typeof failOver>[0]) {
	const took: number[] = [];
	for (let round = 0; round < ROUNDS; round++) took.push(await failOver(onPromoted));
	took.sort((a, b) => a - b);
	const median = took[Math.floor(took.length / 2)] ?? Number.NaN;
	console.log(`${title}: median ${median.toFixed(1)} ms of ${took.map((ms) => ms.toFixed(1))}`);
	return median;
}

test(
	"after a notice, the next attempt of a client whose primary was killed goes to the new one",
	TIMED,
	async () => {
		const medianMs = await measure("told", (route, { nodeId }) =>
			host.gateway.prefer(route.cacheId, nodeId),
		);
		// Far less than HAProxy's turn-around and its checks of servers that aren't primary.
		expect(medianMs).toBeLessThan(500);
	},
);

test("without a notice, the agent asks the engines which one is primary", TIMED, async () => {
	const medianMs = await measure("not told", () => {});
	expect(medianMs).toBeLessThan(500);
});

test("a table from before the failover doesn't turn an endpoint back", async () => {
	const { first, second, route, primary } = await startPair();
	// The old primary was cut off, and continues as before.
	await host.ask(second.port, "REPLICAOF", "NO", "ONE");
	host.gateway.prefer(route.cacheId, second.nodeId);
	await eventually("it leads to the new one", async () => {
		return (await host.portBehind(primary).catch(() => 0)) === second.port;
	});
	const writer = clientOf(primary, "INCR", "counter");
	await writer.firstAnswerAfter(performance.now());
	await applyUntilInForce([route]);
	const extra = await host.valkeyRoute(first, []);
	await applyUntilInForce([route, extra]);
	expect(await host.portBehind(primary)).toBe(second.port);
	// No client was turned back meanwhile.
	expect(Number(await host.ask(first.port, "EXISTS", "counter"))).toBe(0);
	// A table that names a third node has the last word.
	const third = await host.startValkey();
	await applyUntilInForce([{ ...route, servers: host.servers(third, [first, second, third]) }]);
	await eventually("the table is believed", async () => {
		return (await host.portBehind(primary).catch(() => 0)) === third.port;
	});
	await writer.stop();
});

test("a notice that arrives while HAProxy reloads also reaches the new worker", async () => {
	const { first, second, route, primary } = await startPair();
	await host.ask(second.port, "REPLICAOF", "NO", "ONE");
	for (const [round, leader] of [second, first, second, first].entries()) {
		const extra = await Promise.all(
			Array.from({ length: round + 1 }, () => host.valkeyRoute(first, [second])),
		);
		const reloaded = applyUntilInForce([route, ...extra]);
		// A few moments into the reload, at a different one each time.
		await elapse(20 * round);
		host.gateway.prefer(route.cacheId, leader.nodeId);
		await reloaded;
		await eventually("it leads to the node that the notice named", async () => {
			return (await host.portBehind(primary).catch(() => 0)) === leader.port;
		});
	}
});

test("a notice is confirmed only once no client is led elsewhere, even if the agent has just started", async () => {
	const { first, second, route, primary } = await startPair();
	const inOldWorker = await host.connect(primary);
	const other = await host.valkeyRoute(first, [second]);
	await host.applyAndWait([route, other]);
	await host.restart();
	host.apply([route, other]);
	// The old primary was cut off, and continues as before: HAProxy's checks can't tell.
	await host.ask(second.port, "REPLICAOF", "NO", "ONE");
	await host.gateway.prefer(route.cacheId, second.nodeId);
	expect(await host.portBehind(primary)).toBe(second.port);
	await expect(inOldWorker.command(["PING"], 2_000)).rejects.toThrow();
});

test(
	"a primary that restarts in place gets its clients back, and none of them waits for a second try",
	TIMED,
	async () => {
		const engine = await host.startValkey();
		const route = await host.valkeyRoute(engine, []);
		await host.applyAndWait([route]);
		const { primary } = route.ports;
		if (primary === null) throw new Error("no primary endpoint");
		const writer = clientOf(primary, "INCR", "counter");
		await writer.firstAnswerAfter(performance.now());
		engine.child.kill("SIGKILL");
		await once(engine.child, "exit");
		const refusedAt = performance.now();
		await expect(host.connect(primary)).rejects.toThrow();
		const refusedMs = performance.now() - refusedAt;
		await host.startValkey({ port: engine.port });
		const answersAt = performance.now();
		const backMs = (await writer.firstAnswerAfter(answersAt)) - answersAt;
		console.log(`refused in ${refusedMs.toFixed(1)} ms, back in ${backMs.toFixed(1)} ms`);
		expect(refusedMs).toBeLessThan(500);
		expect(backMs).toBeLessThan(1_000);
		await writer.stop();
	},
);

test("readers of a replica that dies continue with another", TIMED, async () => {
	const { others, reader } = await host.startReplicated(2);
	const readers = Array.from({ length: 4 }, () => clientOf(reader, "GET", "counter"));
	for (const client of readers) await client.firstAnswerAfter(performance.now());
	others[0]?.child.kill("SIGKILL");
	const killedAt = performance.now();
	for (const client of readers) await client.firstAnswerAfter(killedAt + 200);
	for (const client of readers) await client.stop();
	const longestMs = Math.max(...readers.map(({ longestGapMs }) => longestGapMs));
	console.log(`no reader waited longer than ${longestMs.toFixed(1)} ms`);
	expect(longestMs).toBeLessThan(1_000);
});

test.each(["master", "worker"])("an HAProxy whose %s hangs is replaced", async (part) => {
	const { primary } = await startPair();
	const hung = host.haproxy();
	if (hung === null) throw new Error("no HAProxy");
	const children = readFileSync(`/proc/${hung.pid}/task/${hung.pid}/children`, "utf8");
	const worker = identifyProcess(Number(children.trim().split(" ")[0]));
	if (worker === null) throw new Error("no worker");
	const hungAt = performance.now();
	signalProcess(part === "master" ? hung : worker, "SIGSTOP");
	await eventually("another one serves", async () => {
		if (host.haproxy()?.pid === hung.pid) return false;
		const client = await host.connect(primary).catch(() => null);
		client?.close();
		return client !== null;
	});
	console.log(`replaced in ${Math.round(performance.now() - hungAt)} ms`);
	expect(identifyProcess(worker.pid)?.startTicks).not.toBe(worker.startTicks);
});
