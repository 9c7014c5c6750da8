import type { Cache } from "../../../server/contract/cache-view.ts";
import { LIMITS } from "../../../server/contract/limits.ts";
import { countSlots, readSlots } from "../../../server/contract/slots.ts";
import { AGENT_NAMES, type Installation } from "../../fixtures/installation.ts";
import type { ScenarioOptions } from "../scenario.ts";

type Random = ScenarioOptions["random"];

export const OF_SLOTS = ["shards out", "shards in", "slots by hand", "rebalance"] as const;
const OF_NODES = ["replicas up", "replicas down", "node type", "node moved"] as const;
const OF_MEMCACHED = ["Memcached nodes up", "Memcached nodes down"] as const;
/** The kinds of changes. */
export const CHANGES = [...OF_SLOTS, ...OF_NODES, "engine version", ...OF_MEMCACHED] as const;
export type ChangeKind = (typeof CHANGES)[number];

export function isOfSlots(kind: ChangeKind): boolean {
	return OF_SLOTS.some((each) => each === kind);
}

export interface Change {
	kind: ChangeKind;
	ask(larder: Installation, name: string): ReturnType<Installation["rest"]>;
	/** Whether a cache without a change under way is as requested. */
	isReached(cache: Cache): boolean;
}

/** A cache that changes again and again. */
export interface ChangingCache {
	body: Readonly<Record<string, unknown>> & { name: string; engine: string };
	/** Is replaced by a new one after each change, because there is no way back. */
	once?: boolean;
	/** All kinds of its changes. */
	kinds: readonly ChangeKind[];
	/** What can be done with the cache as it is now. */
	changes(cache: Cache, random: Random): Change[];
}

/** They take hardly any of a host's processors, so that many nodes find room. */
export const NODE_TYPES = [
	{ name: "own.small", vcpus: 2, memoryMib: 512, cpuMillis: 10 },
	{ name: "own.large", vcpus: 2, memoryMib: 1_024, cpuMillis: 10 },
] as const;
const [SMALL, LARGE] = NODE_TYPES;

const VALKEY_9 = { engine: "valkey", engineVersion: "9" };
const VALKEY_8 = { engine: "valkey", engineVersion: "8" };
const REDIS_7 = { engine: "redis", engineVersion: "7" };

export const CHANGING_CACHES: readonly ChangingCache[] = [
	...[VALKEY_9, VALKEY_8, REDIS_7].map(
		(engine): ChangingCache => ({
			body: {
				...{ name: `cluster-${titleOf(engine)}`, ...engine, nodeType: SMALL.name },
				...{ clusterMode: "enabled", shards: 3, replicasPerShard: 1 },
			},
			kinds: [...OF_SLOTS, ...OF_NODES],
			changes: (cache, random) => [
				cache.shardCount === 3 ? shards("shards out", 4) : shards("shards in", 3),
				slotsByHand(cache, random),
				...(isUneven(cache) ? [rebalance(cache)] : []),
				...nodeChanges(cache, random),
			],
		}),
	),
	...[VALKEY_8, REDIS_7].map(
		(engine): ChangingCache => ({
			body: {
				...{ name: `pair-${titleOf(engine)}`, ...engine, nodeType: SMALL.name },
				replicasPerShard: 1,
			},
			kinds: OF_NODES,
			changes: nodeChanges,
		}),
	),
	...[VALKEY_8, REDIS_7, { ...REDIS_7, clusterMode: "enabled", shards: 2 }].map(
		(shape): ChangingCache => ({
			body: {
				...{ name: `upgraded-${titleOf(shape)}${"shards" in shape ? "-cluster" : ""}` },
				...{ ...shape, nodeType: SMALL.name, replicasPerShard: 1 },
			},
			once: true,
			kinds: ["engine version"],
			changes: () => [upgrade],
		}),
	),
	// A node that leaves stays for a minute, so there are several of these caches.
	...[1, 2, 3].map(
		(number): ChangingCache => ({
			body: { name: `memcached-${number}`, engine: "memcached", nodes: 2, nodeType: SMALL.name },
			kinds: OF_MEMCACHED,
			changes: ({ nodeCount }) => [
				nodeCount < 3 ? nodes("Memcached nodes up", 3) : nodes("Memcached nodes down", 2),
			],
		}),
	),
];

function titleOf({ engine, engineVersion }: { engine: string; engineVersion: string }): string {
	return `${engine}-${engineVersion}`;
}

function patch(
	kind: ChangeKind,
	body: Readonly<Record<string, unknown>>,
	isReached: Change["isReached"],
): Change {
	return {
		kind,
		isReached,
		ask: (larder, name) => larder.rest("PATCH", `/caches/${name}`, { body }),
	};
}

function shards(kind: ChangeKind, count: number): Change {
	return patch(kind, { shards: count }, (cache) => cache.shards.length === count);
}

function nodes(kind: ChangeKind, count: number): Change {
	return patch(kind, { nodes: count }, (cache) => cache.nodeCount === count);
}

const upgrade = patch(
	"engine version",
	{ engine: "valkey", engineVersion: "9", acceptIrreversible: true },
	({ engine, engineVersion }) => engine === "valkey" && engineVersion.startsWith("9."),
);

function nodeChanges({ shards, nodeType, replicasPerShard }: Cache, random: Random): Change[] {
	const replicas = (kind: ChangeKind, count: number) =>
		patch(kind, { replicasPerShard: count }, (cache) =>
			cache.shards.every((shard) => shard.nodes.length === count + 1),
		);
	const type = nodeType === SMALL.name ? LARGE.name : SMALL.name;
	const shard = shards[random(shards.length)];
	const used = new Set(shard?.nodes.map(({ zone }) => zone));
	const free = AGENT_NAMES.slice(0, 3).filter((zone) => !used.has(zone));
	const node = shard?.nodes[random(shard.nodes.length)]?.id;
	const zone = free[random(free.length)];
	const hasMoved = (cache: Cache) =>
		cache.shards.some((each) =>
			each.nodes.some(({ id, zone: now }) => id === node && now === zone),
		);
	return [
		replicasPerShard === 1 ? replicas("replicas up", 2) : replicas("replicas down", 1),
		patch("node type", { nodeType: type }, (cache) => cache.nodeType === type),
		...(zone === undefined ? [] : [patch("node moved", { moves: [{ node, zone }] }, hasMoved)]),
	];
}

/** Each shard gets a part of random size. */
function slotsByHand({ shards }: Cache, random: Random): Change {
	const share = LIMITS.clusterSlots / shards.length;
	const ends = shards.map((_, index) =>
		Math.round(share * (index + 1) - (index + 1 < shards.length ? random(share / 2) : 0)),
	);
	const slots = ends.map((end, index) => `${ends[index - 1] ?? 0}-${end - 1}`);
	return {
		kind: "slots by hand",
		ask: (larder, name) => larder.rest("PUT", `/caches/${name}/slots`, { body: { slots } }),
		isReached: (cache) => cache.shards.every((shard, index) => shard.slots === slots[index]),
	};
}

function rebalance(before: Cache): Change {
	return {
		kind: "rebalance",
		ask: (larder, name) => larder.rest("POST", `/caches/${name}/rebalance`, { body: {} }),
		isReached: (cache) => cache.shards.length === before.shards.length && !isUneven(cache),
	};
}

function isUneven({ shards }: Cache): boolean {
	const share = LIMITS.clusterSlots / shards.length;
	return shards.some(({ slots }) => Math.abs(countSlots(readSlots(slots)) - share) > 1);
}
