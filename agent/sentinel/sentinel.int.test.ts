import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../../platform/process-identity.ts";
import type { Assignment, Route } from "../../server/contract/agent.ts";
import { eventually } from "../testing/agent-fixture.ts";
import { parseFields } from "./sentinel-answers.ts";
import { TestBackstop, type TestNode, type TestWatcher } from "./sentinel-fixture.ts";
import { tellSentinels } from "./tell-sentinels.ts";

let backstop: TestBackstop;

beforeEach(async () => {
	backstop = new TestBackstop();
	await Promise.all(backstop.watchers.map(({ sentinel }) => sentinel.start()));
});
afterEach(() => backstop.dispose());

type Version = Pick<Assignment, "engine" | "engineVersion">;

/** A cache of three nodes, of which the first leads, once all Sentinels know all of it. */
async function startWatched(version?: Version) {
	const nodes = await backstop.startNodes(version);
	const [first, second, third] = nodes;
	if (first === undefined || second === undefined || third === undefined) throw new Error("nodes");
	const route = backstop.route(nodes);
	backstop.apply([route]);
	await backstop.untilAgreed(route.cacheId, first);
	await backstop.untilReady(route.cacheId);
	return { nodes, route, cacheId: route.cacheId, first, second, third };
}

function watcher(index: number): TestWatcher {
	const found = backstop.watchers[index];
	if (found === undefined) throw new Error(`no host ${index}`);
	return found;
}

/** Waits for the node that leads alone. */
async function untilOneLeads(): Promise<TestNode> {
	let leaders: TestNode[] = [];
	await eventually("one node leads", async () => {
		leaders = await backstop.primaries();
		return leaders.length === 1;
	});
	const [leader] = leaders;
	if (leader === undefined) throw new Error("nobody leads");
	return leader;
}

/** What the control plane does: another node leads, and Sentinels are told afterwards. */
async function promote(leader: TestNode, others: TestNode[]): Promise<void> {
	const { host, port } = leader.address;
	await leader.ask("REPLICAOF", "NO", "ONE");
	for (const other of others) await other.ask("REPLICAOF", host, String(port));
}

function leaderRoute(route: Route, leader: TestNode): Route {
	const { port } = leader.address;
	const servers = route.servers.map((each) => ({ ...each, leads: each.port === port }));
	return { ...route, servers };
}

/** Waits until Sentinels have told each other, by way of that node, some times more whom they hold to lead. */
async function someHellosLater(node: TestNode): Promise<void> {
	const count = async () => {
		const stats = String(await node.ask("INFO", "commandstats"));
		return Number(/^cmdstat_publish:calls=(\d+)/m.exec(stats)?.[1] ?? 0);
	};
	const before = await count();
	await eventually("two hellos of each", async () => (await count()) >= before + 6);
}

async function epochAt(host: TestWatcher, cacheId: string): Promise<number> {
	const answer = await host.ask(backstop.password, "SENTINEL", "MASTER", cacheId);
	return Number(parseFields(answer).get("config-epoch"));
}

for (const version of [
	{ engine: "valkey", engineVersion: "9" },
	{ engine: "valkey", engineVersion: "8" },
	{ engine: "redis", engineVersion: "7.0" },
] as const) {
	test(`Sentinels alone replace a killed primary: ${version.engine} ${version.engineVersion}`, async () => {
		const { cacheId, first, second, third } = await startWatched(version);
		const killedAt = performance.now();
		await first.kill();
		const leader = await untilOneLeads();
		console.log(`kill to new primary: ${Math.round(performance.now() - killedAt)} ms`);
		expect([second, third]).toContain(leader);
		await backstop.untilAgreed(cacheId, leader);
		await eventually("the failover has ended", () =>
			backstop.watchers.every((each) => each.cache(cacheId)?.failoverUnderWay === false),
		);
		// Nothing that they asked for was refused.
		for (const node of [second, third]) expect(await node.ask("ACL", "LOG")).toEqual([]);
	});
}

test("the control plane's choice is taken over by all, and older words don't bring the former one back", async () => {
	const { cacheId, route, first, second, third } = await startWatched();
	// Elected by Sentinels, so that there is an epoch to which they could fall back.
	await first.kill();
	const elected = await untilOneLeads();
	await backstop.untilAgreed(cacheId, elected);
	await first.start();
	await promote(elected, [first]);
	await backstop.untilReady(cacheId);
	const next = elected === second ? third : second;
	await promote(next, [elected, first]);
	// The agent of the third host doesn't hear of it: its Sentinel learns it from the others.
	const told = [watcher(0), watcher(1)];
	const changed = leaderRoute(route, next);
	backstop.apply([changed], told);
	await backstop.untilAgreed(cacheId, next);
	await someHellosLater(next);
	await backstop.untilAgreed(cacheId, next);
	for (const each of backstop.watchers) {
		const { host, port } = next.address;
		const switches = each.log.split("\n").filter((line) => line.includes("+switch-master"));
		expect(switches.at(-1)?.endsWith(`${host} ${port}`)).toBe(true);
		expect(await epochAt(each, cacheId)).toBeGreaterThan(1);
	}
	// And it isn't told twice.
	const epoch = await epochAt(watcher(2), cacheId);
	backstop.apply([changed]);
	await someHellosLater(next);
	expect(await epochAt(watcher(2), cacheId)).toBe(epoch);
	await backstop.untilReady(cacheId);
	await next.kill();
	await backstop.untilAgreed(cacheId, await untilOneLeads());
});

test("Sentinels that are told of a promotion don't elect another, though no control plane says so", async () => {
	const { cacheId, first, second, third } = await startWatched();
	await first.kill();
	await promote(second, [third]);
	const doors = backstop.watchers.map(({ address, port }) => ({ host: address, port }));
	// One of them isn't there.
	const sentinels = [...doors, { host: watcher(0).address, port: 1 }];
	const { password } = backstop;
	await tellSentinels({ sentinels, password, cacheId, primary: second.address });
	await backstop.untilAgreed(cacheId, second);
	await someHellosLater(second);
	await backstop.untilAgreed(cacheId, second);
	expect(await backstop.primaries()).toEqual([second]);
	expect(watcher(0).log).not.toContain("+try-failover");
});

test("what Sentinel decided stands, whatever else changes", async () => {
	const { cacheId, route, first, second, third } = await startWatched();
	await first.kill();
	const elected = await untilOneLeads();
	await backstop.untilAgreed(cacheId, elected);
	// The control plane doesn't know of it yet, and takes the dead node out of the cache.
	const dead = route.servers.filter(({ port }) => port === first.address.port);
	const others = route.servers.filter(({ port }) => port !== first.address.port);
	const otherwise = elected === second ? third : second;
	backstop.apply([{ ...route, servers: [...others, ...dead] }]);
	await backstop.untilAgreed(cacheId, elected);
	// Nor is one taken for the primary that doesn't say so itself.
	backstop.apply([leaderRoute(route, otherwise)]);
	await someHellosLater(elected);
	await backstop.untilAgreed(cacheId, elected);
	backstop.apply([route]);
	backstop.apply([{ ...route, servers: others }]);
	await backstop.untilReady(cacheId, 1);
	await backstop.untilAgreed(cacheId, elected);
	expect(await otherwise.role()).toBe("slave");
});

test("a failover that is under way is left alone", async () => {
	const { cacheId, route, first, second } = await startWatched();
	const alone = watcher(0);
	const { sentinel } = route;
	if (sentinel === null) throw new Error("no Sentinels");
	// It begins by itself, and can't be elected.
	backstop.apply([{ ...route, sentinel: { ...sentinel, quorum: 1 } }]);
	await eventually("the quorum is known", async () => {
		const answer = await alone.ask(backstop.password, "SENTINEL", "MASTER", cacheId);
		return parseFields(answer).get("quorum") === "1";
	});
	const paused = [watcher(1), watcher(2)].map((each) => each.process());
	for (const each of paused) if (each !== null) signalProcess(each, "SIGSTOP");
	await first.kill();
	const under = () => alone.cache(cacheId)?.failoverUnderWay === true;
	await eventually("it fails over", under);
	await promote(second, []);
	backstop.apply([leaderRoute(route, second)], [alone]);
	const since = () => alone.log.slice(alone.log.indexOf("+try-failover"));
	await eventually("the change is taken over", () => since().includes("+monitor"));
	const events = since().match(/ ([+]monitor|-failover-abort-not-elected) /g);
	expect(events).toEqual([" -failover-abort-not-elected ", " +monitor "]);
	for (const each of paused) if (each !== null) signalProcess(each, "SIGCONT");
});

test("after the death of everything there is one primary, and all Sentinels agree on it (valkey#1322)", async () => {
	const { cacheId, nodes, first } = await startWatched();
	await first.kill();
	const elected = await untilOneLeads();
	await backstop.untilAgreed(cacheId, elected);
	// Twice, so that each of the two has been both.
	await first.start();
	await promote(elected, [first]);
	await backstop.untilReady(cacheId);
	await elected.kill();
	const leader = await untilOneLeads();
	await backstop.untilAgreed(cacheId, leader);
	for (const each of backstop.watchers) await each.sentinel.stop();
	await Promise.all([...nodes, ...backstop.watchers].map((each) => each.kill()));
	await Promise.all([
		...nodes.toReversed().map((node) => node.start()),
		...backstop.watchers.map((each) => each.restart()),
	]);
	backstop.apply([backstop.route(nodes, { leader, cacheId })]);
	await backstop.untilReady(cacheId);
	const survivor = await untilOneLeads();
	await backstop.untilAgreed(cacheId, survivor);
	await someHellosLater(survivor);
	expect(await backstop.primaries()).toEqual([survivor]);
	await backstop.untilAgreed(cacheId, survivor);
}, 180_000);

test("a Sentinel that dies is back with what it knew, one whose agent stops lives on", async () => {
	const { cacheId, route, first } = await startWatched();
	const host = watcher(0);
	const { port } = host;
	const id = await host.ask(backstop.password, "SENTINEL", "MYID");
	const file = join(host.homeDir, "sentinel", "sentinel.conf");
	await host.kill();
	await eventually("another process runs", () => host.process() !== null);
	await backstop.untilAgreed(cacheId, first);
	expect(host.port).toBe(port);
	expect(await host.ask(backstop.password, "SENTINEL", "MYID")).toBe(id);

	const process = host.process();
	await host.restart();
	backstop.apply([route]);
	await backstop.untilAgreed(cacheId, first);
	expect(host.process()).toEqual(process);

	// With a file that it can't read it begins anew.
	await host.sentinel.stop();
	await host.kill();
	writeFileSync(file, "sentinel monitor nonsense\n");
	await host.restart();
	backstop.apply([route]);
	await backstop.untilAgreed(cacheId, first);
	expect(readdirSync(join(host.homeDir, "sentinel"))).toContain("sentinel.conf.damaged");
	expect(statSync(join(host.homeDir, "sentinel")).mode & 0o777).toBe(0o700);

	await host.restart(false);
	await eventually("it is ended", () => host.process() === null);
	expect(host.sentinel.observation()?.phase).toBe("off");
});

test("Sentinels are let in after a wrong password, and after new ones", async () => {
	const nodes = await backstop.startNodes();
	const [first] = nodes;
	if (first === undefined) throw new Error("no node");
	const route = backstop.route(nodes, { password: "not-the-password" });
	const { cacheId } = route;
	backstop.apply([route]);
	await eventually("they are kept out", () =>
		backstop.watchers.every((each) => each.log.includes("+sdown master")),
	);
	backstop.apply([backstop.route(nodes, { cacheId })]);
	await backstop.untilAgreed(cacheId, first);
	await backstop.untilReady(cacheId);
	expect(await backstop.primaries()).toEqual([first]);

	const password = "another-password-of-sentinels";
	for (const node of nodes) {
		await node.ask("ACL", "SETUSER", "larder-sentinel", "resetpass", `>${password}`);
		await node.ask("CLIENT", "KILL", "USER", "larder-sentinel");
	}
	backstop.password = "another-password-of-the-doors";
	backstop.apply([backstop.route(nodes, { cacheId, password })]);
	await eventually("the doors have another password", async () => {
		const answers = backstop.watchers.map((each) => each.ask(backstop.password, "PING"));
		return (await Promise.allSettled(answers)).every(({ status }) => status === "fulfilled");
	});
	await backstop.untilReady(cacheId);
	await first.kill();
	await backstop.untilAgreed(cacheId, await untilOneLeads());
});

test("a host that no longer watches is forgotten by the others, and a cache that is gone by all", async () => {
	const { cacheId, nodes, first } = await startWatched();
	const others = [watcher(0), watcher(1)];
	const hosts = others.map(({ hostId }) => hostId);
	backstop.apply([backstop.route(nodes, { cacheId, hosts })]);
	await backstop.untilAgreed(cacheId, first, others);
	await eventually("the third watches nothing", () => watcher(2).cache(cacheId) === undefined);
	const before = backstop.watchers.map(({ changes }) => changes);
	await someHellosLater(first);
	expect(backstop.watchers.map(({ changes }) => changes)).toEqual(before);
	backstop.apply([]);
	await eventually("all have forgotten it", () =>
		backstop.watchers.every((each) => each.sentinel.observation()?.caches.length === 0),
	);
	expect(watcher(0).sentinel.observation()?.phase).toBe("running");
});
