import { ENGINES } from "../../../../server/contract/choices.ts";
import type { CacheKind, Engine } from "../../../../server/contract/enums.ts";
import { oneOf } from "../../../_lib/one-of.ts";
import { type Draft, EMPTY_DRAFT, type PurposeId } from "./draft.ts";

/** What a purpose sets. */
type Preset = Pick<
	Draft,
	"engine" | "clusterMode" | "shards" | "replicas" | "nodes" | "nodeType" | "multiAz"
>;

const SAFE: Preset = {
	engine: "valkey",
	clusterMode: "disabled",
	shards: EMPTY_DRAFT.shards,
	replicas: 1,
	nodes: EMPTY_DRAFT.nodes,
	nodeType: "cache.t4g.micro",
	multiAz: true,
};

const PURPOSES = {
	"database-cache": {
		label: "Database caching",
		hint: "Query results, pages, API responses.",
		why: "A replica keeps the cache warm when a host is lost, so that the database behind it isn't hit all at once.",
		examples: ["database-cache"],
		preset: SAFE,
	},
	"session-store": {
		label: "Session store",
		hint: "Sign-ins and carts that must not be lost.",
		why: "Two replicas in other zones, because losing a session signs a user out.",
		examples: ["session-store", "session-store-next"],
		preset: { ...SAFE, replicas: 2 },
	},
	leaderboard: {
		label: "Live leaderboard",
		hint: "Sorted sets, real-time ranking.",
		why: "A leaderboard is one sorted set on one shard; replicas serve its many reads.",
		examples: ["leaderboard"],
		preset: { ...SAFE, replicas: 2 },
	},
	"message-queue": {
		label: "Message queue",
		hint: "Lists, streams, publish and subscribe.",
		why: "One shard keeps the order of messages; a replica takes over without losing the queue.",
		examples: ["job-queue"],
		preset: SAFE,
	},
	"rate-limiting": {
		label: "Rate limiting",
		hint: "Expiring counters, checked on every request.",
		why: "Counters are small and short-lived: one shard with a replica that takes over.",
		examples: ["rate-limiter"],
		preset: SAFE,
	},
	chat: {
		label: "Chat",
		hint: "Rooms: publish and subscribe, and streams.",
		why: "One shard keeps the order of messages in every room, and a replica takes over with what was said.",
		examples: ["chat"],
		preset: SAFE,
	},
	"geo-search": {
		label: "Geo search",
		hint: "Places nearby, by distance.",
		why: "All places are one sorted set on one shard; replicas serve its many reads.",
		examples: ["geo-search"],
		preset: { ...SAFE, replicas: 2 },
	},
	analytics: {
		label: "Real-time analytics",
		hint: "Views and visitors of the last minutes.",
		why: "HyperLogLogs and streams are small, and a replica keeps counts when a host is lost.",
		examples: ["analytics"],
		preset: SAFE,
	},
	"large-data": {
		label: "Large data set",
		hint: "More data than one machine can hold.",
		why: "Cluster mode spreads keys over three shards, each with a replica; writes scale with the shards.",
		examples: [],
		preset: { ...SAFE, clusterMode: "enabled", shards: 3, nodeType: "cache.t4g.small" },
	},
	"key-value": {
		label: "Simple key–value",
		hint: "Memcached: plain, fast, multi-threaded.",
		why: "Memcached keeps plain values without copies: losing one of two nodes loses half of the cache, not all of it.",
		examples: [],
		preset: { ...SAFE, engine: "memcached" },
	},
	development: {
		label: "Trying it out",
		hint: "One small node, nothing else.",
		why: "A single node is the cheapest. If the node fails, its data is lost.",
		examples: [],
		preset: { ...SAFE, replicas: 0, multiAz: false },
	},
} as const satisfies Record<
	PurposeId,
	{ label: string; hint: string; why: string; examples: readonly string[]; preset: Preset }
>;

export interface Purpose {
	id: PurposeId;
	label: string;
	/** What it is, in a few words. */
	hint: string;
	/** Why it makes these choices, in a sentence or two. */
	why: string;
	/** Directories under `examples/` of applications that use such a cache. */
	examples: readonly string[];
	preset: Preset;
}

function isPurposeId(id: string): id is PurposeId {
	return Object.hasOwn(PURPOSES, id);
}

export const PURPOSE_LIST: readonly Purpose[] = Object.keys(PURPOSES)
	.filter(isPurposeId)
	.map((id) => ({ id, ...PURPOSES[id] }));

export function purposeOf(id: string | null): Purpose | null {
	return id !== null && isPurposeId(id) ? { id, ...PURPOSES[id] } : null;
}

export interface WizardStart {
	purpose: PurposeId;
	engine: Engine;
}

/**
 * What the form begins with at an address such as `?engine=redis&purpose=leaderboard`. Memcached has neither data types
 * nor copies. If the purpose needs them, the engine wins.
 */
export function readStart(engine: string | null, purpose: string | null): WizardStart {
	const wanted = oneOf(ENGINES, engine);
	const found = purposeOf(purpose);
	if (found !== null) {
		const isMemcachedPurpose = found.preset.engine === "memcached";
		if (wanted === undefined) return { purpose: found.id, engine: found.preset.engine };
		if ((wanted === "memcached") === isMemcachedPurpose) {
			return { purpose: found.id, engine: wanted };
		}
	}
	return wanted === "memcached"
		? { purpose: "key-value", engine: "memcached" }
		: { purpose: "database-cache", engine: wanted ?? "valkey" };
}

/** The draft with what the purpose sets. Clears the slots, and what belongs to an engine: version and parameter group. */
export function applyPurpose(draft: Draft, { purpose, engine }: WizardStart): Draft {
	return withEngine({ ...draft, ...PURPOSES[purpose].preset, purpose, slots: "" }, engine);
}

/** Other choices stay, in case the user goes back to the other kind. */
export function withKind(draft: Draft, kind: CacheKind): Draft {
	return { ...draft, kind };
}

export function withEngine(draft: Draft, engine: Engine): Draft {
	return { ...draft, engine, engineVersion: "", parameterGroup: "" };
}
