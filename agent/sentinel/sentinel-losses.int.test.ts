import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../testing/agent-fixture.ts";
import { TestBackstop } from "./sentinel-fixture.ts";
import {
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

test("after the death of everything there is one primary, and all Sentinels agree on it (valkey#1322)", async () => {
	const { cacheId, nodes, first } = await startWatched(backstop);
	await first.kill();
	const elected = await untilOneLeads(backstop);
	await backstop.untilAgreed(cacheId, elected);
	// Fails over twice, so that each of the two nodes has been primary and replica.
	await first.start();
	await promote(elected, [first]);
	await backstop.untilReady(cacheId);
	await elected.kill();
	const leader = await untilOneLeads(backstop);
	await backstop.untilAgreed(cacheId, leader);
	for (const each of backstop.watchers) await each.sentinel.stop();
	await Promise.all([...nodes, ...backstop.watchers].map((each) => each.kill()));
	await Promise.all([
		...nodes.toReversed().map((node) => node.start()),
		...backstop.watchers.map((each) => each.restart()),
	]);
	backstop.apply([backstop.route(nodes, { leader, cacheId })]);
	await backstop.untilReady(cacheId);
	const survivor = await untilOneLeads(backstop);
	await backstop.untilAgreed(cacheId, survivor);
	await someHellosLater(survivor);
	expect(await backstop.primaries()).toEqual([survivor]);
	await backstop.untilAgreed(cacheId, survivor);
});

test("a Sentinel that dies comes back with what it knew, and one whose agent stops keeps running", async () => {
	const { cacheId, route, first } = await startWatched(backstop);
	const host = watcher(backstop, 0);
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

	// With an unreadable file it starts over.
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

test("Sentinels can log in after a wrong password, and after new ones", async () => {
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
	await eventually("the ports have another password", async () => {
		const answers = backstop.watchers.map((each) => each.ask(backstop.password, "PING"));
		return (await Promise.allSettled(answers)).every(({ status }) => status === "fulfilled");
	});
	await backstop.untilReady(cacheId);
	await first.kill();
	await backstop.untilAgreed(cacheId, await untilOneLeads(backstop));
});

test("a host that no longer watches is forgotten by the others, and a cache that is gone by all", async () => {
	const { cacheId, nodes, first } = await startWatched(backstop);
	const others = [watcher(backstop, 0), watcher(backstop, 1)];
	const hosts = others.map(({ hostId }) => hostId);
	backstop.apply([backstop.route(nodes, { cacheId, hosts })]);
	await backstop.untilAgreed(cacheId, first, others);
	await eventually(
		"the third watches nothing",
		() => watcher(backstop, 2).cache(cacheId) === undefined,
	);
	const before = backstop.watchers.map(({ changes }) => changes);
	await someHellosLater(first);
	expect(backstop.watchers.map(({ changes }) => changes)).toEqual(before);
	backstop.apply([]);
	await eventually("all have forgotten it", () =>
		backstop.watchers.every((each) => each.sentinel.observation()?.caches.length === 0),
	);
	expect(watcher(backstop, 0).sentinel.observation()?.phase).toBe("running");
});
