import type { Assignment } from "../../server/contract/desired-state.ts";
import type { Route } from "../../server/contract/routes.ts";
import { eventually } from "../testing/agent-fixture.ts";
import { parseFields } from "./sentinel-answers.ts";
import type { TestBackstop, TestNode, TestWatcher } from "./sentinel-fixture.ts";

type Version = Pick<Assignment, "engine" | "engineVersion">;

/** A cache of three nodes with the first as primary, once all Sentinels know all of it. */
export async function startWatched(backstop: TestBackstop, version?: Version) {
	const nodes = await backstop.startNodes(version);
	const [first, second, third] = nodes;
	if (first === undefined || second === undefined || third === undefined) throw new Error("nodes");
	const route = backstop.route(nodes);
	backstop.apply([route]);
	await backstop.untilAgreed(route.cacheId, first);
	await backstop.untilReady(route.cacheId);
	return { nodes, route, cacheId: route.cacheId, first, second, third };
}

export function watcher(backstop: TestBackstop, index: number): TestWatcher {
	const found = backstop.watchers[index];
	if (found === undefined) throw new Error(`no host ${index}`);
	return found;
}

/** Waits until exactly one node is primary, and returns it. */
export async function untilOneLeads(backstop: TestBackstop): Promise<TestNode> {
	let leaders: TestNode[] = [];
	await eventually("one node leads", async () => {
		leaders = await backstop.primaries();
		return leaders.length === 1;
	});
	const [leader] = leaders;
	if (leader === undefined) throw new Error("no node is primary");
	return leader;
}

/** Makes another node primary, as the control plane does before it tells the Sentinels. */
export async function promote(leader: TestNode, others: TestNode[]): Promise<void> {
	const { host, port } = leader.address;
	await leader.ask("REPLICAOF", "NO", "ONE");
	for (const other of others) await other.ask("REPLICAOF", host, String(port));
}

export function leaderRoute(route: Route, leader: TestNode): Route {
	const { port } = leader.address;
	const servers = route.servers.map((each) => ({ ...each, leads: each.port === port }));
	return { ...route, servers };
}

/** Waits until Sentinels have exchanged hellos through that node a few more times. */
export async function someHellosLater(node: TestNode): Promise<void> {
	const count = async () => {
		const stats = String(await node.ask("INFO", "commandstats"));
		return Number(/^cmdstat_publish:calls=(\d+)/m.exec(stats)?.[1] ?? 0);
	};
	const before = await count();
	await eventually("two hellos of each", async () => (await count()) >= before + 6);
}

export async function epochAt(
	backstop: TestBackstop,
	host: TestWatcher,
	cacheId: string,
): Promise<number> {
	const answer = await host.ask(backstop.password, "SENTINEL", "MASTER", cacheId);
	return Number(parseFields(answer).get("config-epoch"));
}
