import { afterEach, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../../platform/process-identity.ts";
import { eventually } from "../testing/agent-fixture.ts";
import { FellowSentinels } from "./fellow-sentinels.ts";
import { HELLO_CHANNEL } from "./hello-channel.ts";
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

const NOWHERE = "127.0.66.66";

/** A hello from a Sentinel that no other knows, which names another primary in an epoch newer than any. */
function forgedHello(cacheId: string): string {
	const sender = [NOWHERE, 26_379, "f".repeat(40), 1_000];
	return [...sender, cacheId, NOWHERE, 6_379, 1_000].join(",");
}

/** How long each Sentinel waits before it considers the primary down, in milliseconds. */
function downAfterAt(backstop: TestBackstop, cacheId: string): Promise<(string | undefined)[]> {
	return Promise.all(
		backstop.watchers.map(async (each) => {
			const fields = parseFields(await each.ask(backstop.password, "SENTINEL", "MASTER", cacheId));
			return fields.get("down-after-milliseconds");
		}),
	);
}

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
		const forged = ["PUBLISH", HELLO_CHANNEL, forgedHello(cacheId)];
		for (const node of [first, second]) {
			await expect(node.askAsClient(...forged)).rejects.toThrow("NOPERM");
			await node.ask("ACL", "LOG", "RESET");
		}
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
		// What the refused client would have achieved: Sentinels believe it, no matter who says it.
		await leader.ask(...forged);
		await eventually("Sentinels consider the forged address the primary", () =>
			backstop.watchers.some((each) => each.cache(cacheId)?.primary.host === NOWHERE),
		);
	});
}

test("replicas that restarted empty aren't elected while their primary hangs, so nothing is lost", async () => {
	const { cacheId, first, second, third } = await startWatched(backstop);
	const keys = Array.from({ length: 6_000 }, (_, index) => [`key:${index}`, "1"]).flat();
	await first.ask("MSET", ...keys);
	await eventually("both replicas have them", async () => {
		const sizes = await Promise.all([second, third].map((node) => node.ask("DBSIZE")));
		return sizes.every((size) => size === 6_000);
	});
	first.signal("SIGSTOP");
	for (const replica of [second, third]) {
		await replica.kill();
		await replica.start();
	}
	// A promotion follows an election at once.
	await eventually("an election has ended without a node to promote", () =>
		backstop.watchers.some(({ log }) => /-failover-abort-no-good-(slave|replica)/.test(log)),
	);
	first.signal("SIGCONT");
	await eventually("all nodes have all keys", async () => {
		const sizes = await Promise.all(backstop.nodes.map((node) => node.ask("DBSIZE")));
		return sizes.every((size) => size === 6_000);
	});
	expect(await backstop.primaries()).toEqual([first]);
	// A Sentinel may still show what its peers said about the primary in the meantime. It must reach these peers like any others.
	const before = await downAfterAt(backstop, cacheId);
	for (const wanted of ["7000", before[0] ?? ""]) {
		await eventually(`all Sentinels wait ${wanted} ms`, async () => {
			await watcher(backstop, 0).sentinel.setDownAfter(cacheId, Number(wanted));
			return (await downAfterAt(backstop, cacheId)).every((found) => found === wanted);
		});
	}
	// Once they have synced, they may lead.
	for (const replica of [second, third]) await replica.letLead();
	await backstop.untilReady(cacheId);
	await first.kill();
	expect([second, third]).toContain(await untilOneLeads(backstop));
});

test("all Sentinels adopt the control plane's choice, and older news doesn't bring the former primary back", async () => {
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
	const watchers = [watcher(backstop, 0), watcher(backstop, 1)];
	const changed = leaderRoute(route, next);
	backstop.apply([changed], watchers);
	await backstop.untilAgreed(cacheId, next);
	await someHellosLater(next);
	await backstop.untilAgreed(cacheId, next);
	for (const each of backstop.watchers) {
		const { host, port } = next.address;
		expect(lastPrimaryIn(each.log), each.log).toBe(`${host} ${port}`);
		expect(await epochAt(backstop, each, cacheId)).toBeGreaterThan(1);
	}
	// The agent doesn't tell it twice.
	const epoch = await epochAt(backstop, watcher(backstop, 2), cacheId);
	backstop.apply([changed]);
	await someHellosLater(next);
	expect(await epochAt(backstop, watcher(backstop, 2), cacheId)).toBe(epoch);
	await backstop.untilReady(cacheId);
	await next.kill();
	await backstop.untilAgreed(cacheId, await untilOneLeads(backstop));
});

test.for([false, true])(
	"Sentinels that hear of a promotion don't elect another node, even without a control plane, and if they have just started over (%s)",
	async (startOver) => {
		const { cacheId, first, second, third } = await startWatched(backstop);
		await first.kill();
		await promote(second, [third]);
		// Then they know no node but the dead one, and no other Sentinel.
		if (startOver) {
			for (const each of backstop.watchers) {
				expect(await each.ask(backstop.password, "SENTINEL", "RESET", cacheId)).toBe(1);
			}
		}
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
	},
);

test("what Sentinel decided stands, whatever else changes", async () => {
	const { cacheId, route, first, second, third } = await startWatched(backstop);
	await first.kill();
	const elected = await untilOneLeads(backstop);
	await backstop.untilAgreed(cacheId, elected);
	// The control plane doesn't know about it yet, and removes the dead node from the cache.
	const dead = route.servers.filter(({ port }) => port === first.address.port);
	const others = route.servers.filter(({ port }) => port !== first.address.port);
	const otherwise = elected === second ? third : second;
	backstop.apply([{ ...route, servers: [...others, ...dead] }]);
	await backstop.untilAgreed(cacheId, elected);
	// A node that doesn't itself say that it is primary isn't accepted as one either.
	backstop.apply([leaderRoute(route, otherwise)]);
	await someHellosLater(elected);
	await backstop.untilAgreed(cacheId, elected);
	backstop.apply([route]);
	backstop.apply([{ ...route, servers: others }]);
	await backstop.untilReady(cacheId, 1);
	await backstop.untilAgreed(cacheId, elected);
	expect(await otherwise.role()).toBe("slave");
});

test("a failover in progress is left alone", async () => {
	const { cacheId, route, first, second } = await startWatched(backstop);
	const alone = watcher(backstop, 0);
	const { sentinel } = route;
	if (sentinel === null) throw new Error("no Sentinels");
	// It starts a failover by itself, and can't be elected.
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
	await eventually("the change is applied", () => since().includes("+monitor"));
	const events = since().match(/ ([+]monitor|-failover-abort-not-elected) /g);
	expect(events).toEqual([" -failover-abort-not-elected ", " +monitor "]);
	for (const each of paused) if (each !== null) signalProcess(each, "SIGCONT");
});

/**
 * The newest primary in a Sentinel's log. The Sentinel learned of it as a switch or, without a live peer,
 * by a new MONITOR.
 */
function lastPrimaryIn(log: string): string | undefined {
	const switches = log.matchAll(
		/\+switch-master \S+ \S+ \S+ (\S+ \d+)$|\+monitor master \S+ (\S+ \d+) quorum/gm,
	);
	const last = [...switches].at(-1);
	return last?.[1] ?? last?.[2];
}
