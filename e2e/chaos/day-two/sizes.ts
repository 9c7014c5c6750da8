import { setTimeout as delay } from "node:timers/promises";
import type { Cache, CacheNode } from "../../../server/contract/cache-view.ts";
import { AGENT_NAMES, type Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { withInstallation } from "../keep-evidence.ts";
import { type Scenario, type ScenarioOptions, Violation } from "../scenario.ts";
import { type Act, killNode, play } from "../stories/act.ts";
import type { WatchedCache } from "../watched-cache.ts";
import { REFUSAL } from "./kept-data.ts";

/** A change without a kill takes about as long. */
const KILL_WITHIN_MS = 2_000;
const TIMEOUT_MS = 180_000;

export interface Journey {
	body: Readonly<Record<string, unknown>> & { name: string };
	changes: readonly (Change | ((cache: Cache) => Change))[];
}

/** The body of a request for a change. */
type Change = Readonly<Record<string, unknown>>;

const REPLICAS: readonly Journey[] = ["valkey", "redis"].flatMap((engine) => [
	{
		body: { name: `${engine}-off`, engine, automaticFailover: false },
		changes: [{ replicasPerShard: 2 }, { replicasPerShard: 1 }, { replicasPerShard: 0 }],
	},
	{
		body: { name: `${engine}-on`, engine, clusterMode: "enabled", shards: 2 },
		changes: [{ replicasPerShard: 1 }, { replicasPerShard: 2 }, { replicasPerShard: 0 }],
	},
]);
const MEMCACHED: Journey = {
	body: { name: "memcached", engine: "memcached", nodes: 1 },
	changes: [{ nodes: 3 }, { nodes: 2 }],
};

/** Clients write all the time, and every write that they retry succeeds. */
export const sizes: Scenario = {
	name: "sizes",
	description: "replicas and Memcached nodes come and go: no write is refused or lost",
	run: (options) =>
		withInstallation({}, (larder) => playAll(larder, [...REPLICAS, MEMCACHED], null, options)),
};

/** A program dies at a random moment of each change: a different kind each time. */
export const sizesKilled: Scenario = {
	name: "sizes-killed",
	description:
		"control plane, agent or a new replica's engine killed amid a change of size: it completes, nothing is lost",
	run: (options) => withInstallation({}, (larder) => playAll(larder, REPLICAS, kill, options)),
};

const VICTIMS = ["control plane", "agent", "replica"] as const;
type Victim = (typeof VICTIMS)[number];
type Kill = (
	victim: Victim,
	larder: Installation,
	cache: WatchedCache,
	random: Random,
) => Promise<string>;
type Random = ScenarioOptions["random"];

export async function playAll(
	larder: Installation,
	journeys: readonly Journey[],
	killer: Kill | null,
	options: ScenarioOptions,
): Promise<string> {
	const found: string[] = [];
	for (const [index, { body, changes }] of journeys.entries()) {
		const act: Act = async (_, cache) => {
			for (const [turn, change] of changes.entries()) {
				const victim = VICTIMS[(index + turn) % VICTIMS.length] ?? VICTIMS[0];
				const strike = async () =>
					killer === null ? "" : `, ${await killer(victim, larder, cache, options.random)} killed`;
				const body = typeof change === "function" ? change(await cache.view()) : change;
				const text = await changeCache(larder, cache, body, strike);
				options.log(text);
				found.push(text);
			}
			return "";
		};
		await play(larder, { body, act });
	}
	return found.join("; ");
}

async function changeCache(
	larder: Installation,
	cache: WatchedCache,
	change: Change,
	strike: () => Promise<string>,
): Promise<string> {
	const since = performance.now();
	await ask(larder, cache.name, change);
	const struck = await strike();
	await waitUntil(`${cache.name} to have ${JSON.stringify(change)}`, async () => {
		const now = await cache.whole(TIMEOUT_MS);
		return isReached(now, change);
	});
	const tookMs = performance.now() - since;
	await cache.writesAgain();
	await cache.requireNothingLost();
	const { count, last } = cache.failures;
	const stallMs = cache.longestGapMs(since);
	const text = `${cache.name} ${JSON.stringify(change)}${struck}: ${tookMs.toFixed(0)} ms, longest stall ${stallMs.toFixed(0)} ms, ${count} failed attempts ${last.join(" | ")}`;
	if (last.some((message) => REFUSAL.test(message))) throw new Violation(text);
	return text;
}

/** A smaller node type is refused until a sample, some seconds after the start, says how much data there is. */
async function ask(larder: Installation, name: string, change: Change): Promise<void> {
	const answer = await waitUntil("the change to be accepted or refused", async () => {
		const found = await larder.rest("PATCH", `/caches/${name}`, { body: change });
		return JSON.stringify(found.body).includes("doesn't know yet") ? null : found;
	});
	if (answer.status !== 202) throw new Error(JSON.stringify(answer));
}

function isReached(cache: Cache, change: Change): boolean {
	const { shards, nodeType, engineVersion, pendingChanges, operation } = cache;
	const replicas = change.replicasPerShard;
	const count = change.nodes ?? (typeof replicas === "number" ? replicas + 1 : undefined);
	const nodes = shards.flatMap((shard) => shard.nodes);
	return (
		pendingChanges === null &&
		operation === null &&
		(change.shards === undefined || shards.length === change.shards) &&
		(count === undefined || shards.every((shard) => shard.nodes.length === count)) &&
		(change.nodeType === undefined || nodeType === change.nodeType) &&
		(change.engineVersion === undefined || engineVersion.startsWith(`${change.engineVersion}.`)) &&
		nodes.every(({ move }) => move === null)
	);
}

/** Returns what it killed. It kills an agent instead of a replica if none is being added or removed at that moment. */
export async function kill(
	victim: Victim,
	larder: Installation,
	cache: WatchedCache,
	random: Random,
): Promise<string> {
	await delay(random(KILL_WITHIN_MS));
	if (victim === "control plane") {
		await larder.killControlPlane();
		await larder.startControlPlane();
		return "the control plane";
	}
	const replica = victim === "replica" ? passingReplica(await cache.view()) : undefined;
	if (replica !== undefined) {
		killNode(replica);
		return "a replica";
	}
	const [first] = AGENT_NAMES;
	const agent = larder.agentNames[random(larder.agentNames.length)] ?? first;
	await larder.killAgent(agent);
	await larder.startAgent(agent);
	return "an agent";
}

/** A replica that is being added or removed, and has a process. */
function passingReplica({ shards }: Cache): CacheNode | undefined {
	return shards
		.flatMap(({ nodes }) => nodes)
		.find(({ status, role, pid }) => status !== "available" && role === "replica" && pid !== null);
}
