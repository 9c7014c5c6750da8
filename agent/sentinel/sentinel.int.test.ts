import { afterEach, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../../platform/process-identity.ts";
import { eventually } from "../testing/agent-fixture.ts";
import { FellowSentinels } from "./fellow-sentinels.ts";
import { parseFields } from "./sentinel-answers.ts";
import { TestBackstop } from "./sentinel-fixture.ts";
import {
	epochAt,
	leaderRoute,
	promote,
	someHellosLater,
	startWatched,
	untilOneLeads,
	watcher,
} from "./sentinel-scene.ts";

let backstop: TestBackstop;

beforeEach(async () => {
	backstop = new TestBackstop();
	await Promise.all(backstop.watchers.map(({ sentinel }) => sentinel.start()));
});
afterEach(() => backstop.dispose());

for (const version of [
	{ engine: "valkey", engineVersion: "9" },
	{ engine: "valkey", engineVersion: "8" },
	{ engine: "redis", engineVersion: "7.0" },
] as const) {
	test(`Sentinels alone replace a killed primary: ${version.engine} ${version.engineVersion}`, async () => {
		const { cacheId, first, second, third } = await startWatched(backstop, version);
		const killedAt = performance.now();
		await first.kill();
		const leader = await untilOneLeads(backstop);
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
	const { cacheId, route, first, second, third } = await startWatched(backstop);
	// Elected by Sentinels, so that there is an epoch to which they could fall back.
	await first.kill();
	const elected = await untilOneLeads(backstop);
	await backstop.untilAgreed(cacheId, elected);
	await first.start();
	await promote(elected, [first]);
	await backstop.untilReady(cacheId);
	const next = elected === second ? third : second;
	await promote(next, [elected, first]);
	// The agent of the third host doesn't hear of it: its Sentinel learns it from the others.
	const told = [watcher(backstop, 0), watcher(backstop, 1)];
	const changed = leaderRoute(route, next);
	backstop.apply([changed], told);
	await backstop.untilAgreed(cacheId, next);
	await someHellosLater(next);
	await backstop.untilAgreed(cacheId, next);
	for (const each of backstop.watchers) {
		const { host, port } = next.address;
		const switches = each.log.split("\n").filter((line) => line.includes("+switch-master"));
		expect(switches.at(-1)?.split(" ").slice(-2), each.log).toEqual([host, String(port)]);
		expect(await epochAt(backstop, each, cacheId)).toBeGreaterThan(1);
	}
	// And it isn't told twice.
	const epoch = await epochAt(backstop, watcher(backstop, 2), cacheId);
	backstop.apply([changed]);
	await someHellosLater(next);
	expect(await epochAt(backstop, watcher(backstop, 2), cacheId)).toBe(epoch);
	await backstop.untilReady(cacheId);
	await next.kill();
	await backstop.untilAgreed(cacheId, await untilOneLeads(backstop));
});

test("Sentinels that are told of a promotion don't elect another, though no control plane says so", async () => {
	const { cacheId, first, second, third } = await startWatched(backstop);
	await first.kill();
	await promote(second, [third]);
	const doors = backstop.watchers.map(({ address, port }) => ({ host: address, port }));
	// One of them isn't there.
	const sentinels = [...doors, { host: watcher(backstop, 0).address, port: 1 }];
	const { password } = backstop;
	const fellows = new FellowSentinels({ sentinels, password, cacheId });
	await fellows.tell(second.address);
	fellows.close();
	await backstop.untilAgreed(cacheId, second);
	await someHellosLater(second);
	await backstop.untilAgreed(cacheId, second);
	expect(await backstop.primaries()).toEqual([second]);
	expect(watcher(backstop, 0).log).not.toContain("+try-failover");
});

test("what Sentinel decided stands, whatever else changes", async () => {
	const { cacheId, route, first, second, third } = await startWatched(backstop);
	await first.kill();
	const elected = await untilOneLeads(backstop);
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
	const { cacheId, route, first, second } = await startWatched(backstop);
	const alone = watcher(backstop, 0);
	const { sentinel } = route;
	if (sentinel === null) throw new Error("no Sentinels");
	// It begins by itself, and can't be elected.
	backstop.apply([{ ...route, sentinel: { ...sentinel, quorum: 1 } }]);
	await eventually("the quorum is known", async () => {
		const answer = await alone.ask(backstop.password, "SENTINEL", "MASTER", cacheId);
		return parseFields(answer).get("quorum") === "1";
	});
	const paused = [watcher(backstop, 1), watcher(backstop, 2)].map((each) => each.process());
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
