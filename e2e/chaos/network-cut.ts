import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { overviewSchema } from "../../server/contract/account.ts";
import type { CacheNode, Endpoint } from "../../server/contract/cache-view.ts";
import { requireEndpoint } from "../fixtures/engine-clients.ts";
import {
	createNamespaces,
	type NamespacedNetwork,
	whyNoNamespaces,
} from "../fixtures/host-namespaces.ts";
import { AGENT_NAMES, type AgentName, type Installation } from "../fixtures/installation.ts";
import { checkoutRoot } from "../fixtures/program.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { withInstallation } from "./keep-evidence.ts";
import { type Scenario, type ScenarioOptions, Violation } from "./scenario.ts";
import { nextPrimary, requireKept } from "./stories/act.ts";
import { WatchedCache } from "./watched-cache.ts";

const LOST_SECONDS = 15;
/** A primary that hears from no replica accepts writes for four more seconds (decision 14). */
const BOUND_MS = 5_000;
const ISOLATED_MS = 5_000;
/** Longer than it takes for a host to count as lost. */
const CUT_MS = 25_000;
const STATE_TIMEOUT_MS = 60_000;

interface Setting {
	larder: Installation;
	network: NamespacedNetwork;
	/** Cluster mode disabled, a primary and two replicas. */
	cache: WatchedCache;
	cluster: WatchedCache;
	log: ScenarioOptions["log"];
}

/** Hosts run in network namespaces of their own, and are cut off from each other in every way that matters. */
export const networkCut: Scenario = {
	name: "network-cut",
	description: "hosts cut off from each other: one primary in the end, no replicated write lost",
	whyNot: whyNoNamespaces,
	async run({ log }) {
		const network = createNamespaces(AGENT_NAMES);
		try {
			const environment = { LARDER_HOST_LOST_SECONDS: String(LOST_SECONDS) };
			return await withInstallation({ agents: AGENT_NAMES, network, environment }, (larder) =>
				cutInEveryWay(larder, network, log),
			);
		} finally {
			network.remove();
		}
	},
};

async function cutInEveryWay(
	larder: Installation,
	network: NamespacedNetwork,
	log: ScenarioOptions["log"],
): Promise<string> {
	const cache = await WatchedCache.create(larder, { name: "cut", replicasPerShard: 2 });
	const cluster = await WatchedCache.create(larder, {
		...{ name: "cut-cluster", clusterMode: "enabled", shards: 3, replicasPerShard: 1 },
	});
	const setting = { larder, network, cache, cluster, log };
	const found: string[] = [];
	const broken: string[] = [];
	try {
		for (const cut of [cutHostOff, cutZonesApart, cutControlPlaneOff, cutClientWithPrimary]) {
			try {
				found.push(await cut(setting));
				log(found.at(-1) ?? "");
			} catch (error) {
				broken.push(`${cut.name}: ${error instanceof Error ? error.message : error}`);
				log(broken.at(-1) ?? "");
				network.heal();
				for (const each of [cache, cluster]) await each.whole();
			}
		}
		if (broken.length > 0) throw new Violation(broken.join("\n"));
		return found.join("\n  ");
	} finally {
		await Promise.all([cache.stop(), cluster.stop()]);
	}
}

/** The primary's host is cut off from all others; its nodes fail over, and come back as replicas. */
async function cutHostOff({ larder, network, cache, cluster }: Setting): Promise<string> {
	const victim = await cache.primaryOf("0001");
	network.cut([victim.host], [null, ...others(larder, [victim.host])]);
	const leader = await nextPrimary(besides(cache, victim), victim);
	network.heal();
	const losses = await requireKept(cache);
	await requireKept(cluster);
	await requireLeads(cache, leader);
	return `host cut off: ${leader.id} took over from ${victim.id}, ${losses.plain} writes of the cut-off side lost`;
}

/**
 * Two of four hosts are cut off from the others and from the control plane. Because half of the hosts are silent, Larder
 * replaces nothing.
 */
async function cutZonesApart({ larder, network, cache, cluster }: Setting): Promise<string> {
	const nodesBefore = await nodeIds(cache, cluster);
	const victim = await cache.primaryOf("0001");
	const members = (await cache.view()).shards[0]?.nodes.map(({ host }) => host) ?? [];
	// A host without a node of the cache is cut off with the primary's, so that both replicas stay on the other side.
	const idle = larder.agentNames.find((name) => !members.includes(name));
	if (idle === undefined) throw new Error("the cache has nodes on all hosts");
	const cutOff = [victim.host, idle];
	network.cut(cutOff, [null, ...others(larder, cutOff)]);
	const leader = await nextPrimary(besides(cache, victim), victim);
	await requireSafeMode(larder, cutOff);
	await delay(CUT_MS);
	await requireSameNodes(nodesBefore, cache, cluster);
	network.heal();
	await requireKept(cache);
	await requireKept(cluster);
	await requireLeads(cache, leader);
	return `two of four hosts cut off: ${leader.id} took over from ${victim.id}, safe mode, nothing replaced`;
}

/** The hosts see each other, but the control plane sees only half of them: nothing fails over or is replaced. */
async function cutControlPlaneOff({ larder, network, cache, cluster }: Setting): Promise<string> {
	const nodesBefore = await nodeIds(cache, cluster);
	const primary = await cache.primaryOf("0001");
	const unseen = [primary.host, ...others(larder, [primary.host]).slice(0, 1)];
	network.cut([null], unseen);
	await requireSafeMode(larder, unseen);
	await delay(CUT_MS);
	await requireSameNodes(nodesBefore, cache, cluster);
	await requireLeads(cache, primary);
	network.heal();
	const losses = await requireKept(cache);
	const clusterLosses = await requireKept(cluster);
	if (losses.plain + clusterLosses.plain > 0) {
		throw new Violation(`${losses.plain + clusterLosses.plain} writes lost without a failover`);
	}
	await requireLeads(cache, primary);
	return `control plane cut off from ${unseen.join(" and ")}: safe mode, ${primary.id} kept the lead, no write lost`;
}

/** A client on the cut-off side keeps writing to the old primary, which soon refuses. */
async function cutClientWithPrimary({ larder, network, cache }: Setting): Promise<string> {
	const view = await cache.whole();
	const victim = await cache.primaryOf("0001");
	const { port } = requireEndpoint(view, "primary");
	const client = spawnWriter(network, victim.host, { host: victim.address, port });
	try {
		await waitUntil("the client to write", async () => (await client.acknowledged()) > 100);
		network.cut([victim.host], [null, ...others(larder, [victim.host])]);
		const atCut = await client.acknowledged();
		await delay(BOUND_MS);
		const afterBound = await client.acknowledged();
		await delay(ISOLATED_MS);
		const atEnd = await client.acknowledged();
		if (atEnd > afterBound) {
			throw new Violation(`${atEnd - afterBound} writes accepted after ${BOUND_MS} ms alone`);
		}
		const leader = await nextPrimary(besides(cache, victim), victim);
		network.heal();
		await requireKept(cache);
		await requireLeads(cache, leader);
		return `client cut off with ${victim.id}: ${afterBound - atCut} writes accepted in ${BOUND_MS} ms, none after; ${leader.id} leads`;
	} finally {
		await client.end();
	}
}

function spawnWriter(network: NamespacedNetwork, host: string, endpoint: Endpoint) {
	const [command = "", ...args] = network.enter(host);
	const script = join(checkoutRoot, "e2e", "chaos", "isolated-writer.ts");
	const writer = [process.execPath, "--import", "tsx", script];
	const child = spawn(command, [...args, ...writer, endpoint.host, String(endpoint.port)], {
		cwd: checkoutRoot,
		stdio: ["ignore", "ignore", "inherit", "ipc"],
	});
	return {
		async acknowledged(): Promise<number> {
			const answered = once(child, "message", { signal: AbortSignal.timeout(STATE_TIMEOUT_MS) });
			child.send("how many");
			return Number((await answered)[0]);
		},
		async end() {
			if (child.exitCode !== null || child.signalCode !== null) return;
			const exited = once(child, "exit");
			child.kill("SIGKILL");
			await exited;
		},
	};
}

/** The cache without the node that is cut off, which may claim for a while that it leads. */
function besides(cache: WatchedCache, { id }: CacheNode) {
	return { primaryOf: (shard: string) => cache.primaryOf(shard, id) };
}

function others(larder: Installation, hosts: readonly string[]): AgentName[] {
	return larder.agentNames.filter((name) => !hosts.includes(name));
}

async function requireLeads(cache: WatchedCache, leader: CacheNode): Promise<void> {
	const leads = await cache.primaryOf("0001");
	if (leads.id !== leader.id) throw new Violation(`${leads.id} leads, not ${leader.id}`);
}

async function requireSafeMode(larder: Installation, hosts: readonly string[]): Promise<void> {
	await waitUntil(
		"safe mode",
		async () => {
			const { safeMode } = overviewSchema.parse((await larder.rest("GET", "/overview")).body);
			return hosts.every((host) => safeMode?.silentHosts.includes(host));
		},
		STATE_TIMEOUT_MS,
	);
}

async function nodeIds(...caches: readonly WatchedCache[]): Promise<string> {
	const views = await Promise.all(caches.map((cache) => cache.view()));
	const nodes = views.flatMap((view) => view.shards.flatMap((shard) => shard.nodes));
	return nodes
		.map(({ id }) => id)
		.sort()
		.join(" ");
}

async function requireSameNodes(before: string, ...caches: readonly WatchedCache[]): Promise<void> {
	const now = await nodeIds(...caches);
	if (now !== before) throw new Violation(`nodes were replaced: ${before} to ${now}`);
}
