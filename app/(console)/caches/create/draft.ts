import type { CreateCacheInput } from "../../../../server/contract/create-cache.ts";
import type {
	CacheKind,
	ClusterMode,
	Engine,
	EvictionPolicy,
	Protocol,
} from "../../../../server/contract/enums.ts";
import type { Persistence } from "../../../../server/contract/persistence.ts";
import { daysOf } from "../daily-snapshots.ts";
import { type LimitsDraft, limitChanges, NO_LIMITS_DRAFT, numberOf } from "../limits-draft.ts";
import { type DraftTag, filledTags, toTagRecord } from "../tags.ts";

export type PurposeId =
	| "database-cache"
	| "session-store"
	| "leaderboard"
	| "message-queue"
	| "rate-limiting"
	| "chat"
	| "geo-search"
	| "analytics"
	| "large-data"
	| "key-value"
	| "development";

/** What the form holds: text as typed, so that nothing is lost or reshaped on the way. */
export interface Draft extends LimitsDraft {
	name: string;
	description: string;
	kind: CacheKind;
	/** "" for none. */
	purpose: PurposeId | "";
	engine: Engine;
	/** "" takes the newest that hosts have. */
	engineVersion: string;
	/** For a serverless cache, as are the eviction policy and the limits. */
	protocol: Protocol;
	evictionPolicy: EvictionPolicy;
	/** Minutes as typed; "" for never. */
	sleepMinutes: string;
	clusterMode: ClusterMode;
	shards: number;
	replicas: number;
	/** For Memcached. */
	nodes: number;
	/** Empty for all. */
	zones: readonly string[];
	/** One line a shard; "" spreads them evenly. */
	slots: string;
	nodeType: string;
	multiAz: boolean;
	automaticFailover: boolean;
	auth: "password" | "none";
	port: string;
	/** "" for the family's default group. */
	parameterGroup: string;
	deletionProtection: boolean;
	/** The snapshot that the cache begins with; "" for an empty cache. */
	snapshot: string;
	/** How many days daily snapshots are kept, as typed; "" for none. */
	retentionDays: string;
	/** "" for the usual one. */
	snapshotWindow: string;
	persistence: Persistence;
	tags: readonly DraftTag[];
}

export type DraftField = keyof Draft;

/** Spelled out here, because the contract's own constant would load the code that validates. */
const NO_LIMITS = {
	dataStorageGb: { min: null, max: null },
	ecpuPerSecond: { min: null, max: null },
};

export const EMPTY_DRAFT: Draft = {
	name: "",
	description: "",
	kind: "provisioned",
	purpose: "",
	engine: "valkey",
	engineVersion: "",
	protocol: "cluster",
	evictionPolicy: "volatile-lru",
	sleepMinutes: "",
	...NO_LIMITS_DRAFT,
	clusterMode: "disabled",
	shards: 3,
	replicas: 1,
	nodes: 2,
	zones: [],
	slots: "",
	nodeType: "cache.t4g.micro",
	multiAz: true,
	automaticFailover: true,
	auth: "password",
	port: "",
	parameterGroup: "",
	deletionProtection: false,
	snapshot: "",
	retentionDays: "",
	snapshotWindow: "",
	persistence: "none",
	tags: [],
};

/** What the form knows about the hosts; null while it isn't known. */
export interface FleetFacts {
	/** Names of the zones with a host online. */
	onlineZones: readonly string[] | null;
}

export function isCluster({ engine, clusterMode }: Draft): boolean {
	return engine !== "memcached" && clusterMode === "enabled";
}

export function shardsOf(draft: Draft): number {
	return isCluster(draft) ? draft.shards : 1;
}

export function nodeCountOf(draft: Draft): number {
	return draft.engine === "memcached" ? draft.nodes : shardsOf(draft) * (draft.replicas + 1);
}

/** Why Multi-AZ isn't available; null if it is. */
export function multiAzObstacle(draft: Draft, fleet: FleetFacts): string | null {
	if (draft.engine === "memcached") {
		if (draft.nodes < 2) return "Needs two nodes or more to be spread over zones.";
	} else if (draft.replicas < 1) {
		return "Needs at least one replica per shard to fail over to.";
	}
	if (draft.zones.length === 1) {
		return `Needs two zones or more; only ${draft.zones[0]} is chosen under Zones.`;
	}
	const online = fleet.onlineZones?.length;
	if (online !== undefined && online < 2) {
		return `Needs online hosts in at least two zones, but ${online === 1 ? "only one zone has any" : "no host is online"}. Add a host in another zone.`;
	}
	return null;
}

export function hasMultiAz(draft: Draft, fleet: FleetFacts): boolean {
	return draft.multiAz && multiAzObstacle(draft, fleet) === null;
}

/** Why automatic failover can't be changed; null if it can. */
export function failoverLock(
	draft: Draft,
	fleet: FleetFacts,
): { isOn: boolean; reason: string } | null {
	if (draft.engine === "memcached") {
		return {
			isOn: false,
			reason: "Memcached keeps no copies, so there is nothing to fail over to.",
		};
	}
	if (isCluster(draft)) {
		return {
			isOn: true,
			reason: "Can't be turned off in cluster mode: the shards elect new primaries on their own.",
		};
	}
	if (draft.replicas < 1) {
		return { isOn: false, reason: "Needs at least one replica to fail over to." };
	}
	if (hasMultiAz(draft, fleet)) return { isOn: true, reason: "Multi-AZ requires it." };
	return null;
}

export function hasFailover(draft: Draft, fleet: FleetFacts): boolean {
	return failoverLock(draft, fleet)?.isOn ?? draft.automaticFailover;
}

/** The slots of each shard; undefined if none are typed. */
function slotLines(slots: string): string[] | undefined {
	const text = slots.trim();
	return text === "" ? undefined : text.split(/\r?\n/).map((line) => line.trim());
}

/** The number of nodes for Memcached; shards, replicas, failover and authentication for other engines. */
function topologyOf(draft: Draft, fleet: FleetFacts): Partial<CreateCacheInput> {
	if (draft.engine === "memcached") return { nodes: draft.nodes };
	const slots = isCluster(draft) ? slotLines(draft.slots) : undefined;
	const isManual = failoverLock(draft, fleet) === null && !draft.automaticFailover;
	return {
		// Off is the default, but without an explicit value a parameter group or a snapshot would decide.
		...(isCluster(draft) || draft.parameterGroup !== "" || draft.snapshot !== ""
			? { clusterMode: draft.clusterMode }
			: {}),
		...(isCluster(draft) ? { shards: draft.shards } : {}),
		replicasPerShard: draft.replicas,
		...(slots === undefined ? {} : { slots }),
		...(isManual ? { automaticFailover: false } : {}),
		...(draft.auth === "none" ? { auth: "none" } : {}),
	};
}

/** What the cache begins with, and the snapshots that Larder takes of it. */
function snapshotsOf({ engine, snapshot, ...draft }: Draft): Partial<CreateCacheInput> {
	const days = daysOf(draft.retentionDays);
	const window = draft.snapshotWindow.trim();
	return {
		...(snapshot === "" ? {} : { snapshot }),
		...(engine === "memcached" || days === 0 ? {} : { snapshotRetentionDays: days }),
		...(engine === "memcached" || window === "" ? {} : { snapshotWindow: window }),
	};
}

/** What only a serverless cache's creator can say. */
function serverlessOf(draft: Draft): Partial<CreateCacheInput> {
	const limits = limitChanges(NO_LIMITS, draft);
	const afterMinutes = numberOf(draft.sleepMinutes);
	if (draft.engine === "memcached") return limits === undefined ? {} : { limits };
	return {
		...(draft.protocol === "cluster" ? {} : { protocol: draft.protocol }),
		...(limits === undefined ? {} : { limits }),
		...(draft.evictionPolicy === "volatile-lru" ? {} : { evictionPolicy: draft.evictionPolicy }),
		...(afterMinutes === 0 ? {} : { scaleToZero: { afterMinutes } }),
		...(draft.auth === "none" ? { auth: "none" } : {}),
	};
}

/** What only a provisioned cache's creator can say. */
function provisionedOf(draft: Draft, fleet: FleetFacts): Partial<CreateCacheInput> {
	return {
		nodeType: draft.nodeType,
		...topologyOf(draft, fleet),
		...(hasMultiAz(draft, fleet) ? { multiAz: true } : {}),
		...(draft.zones.length === 0 ? {} : { zones: [...draft.zones] }),
		...(draft.parameterGroup === "" ? {} : { parameterGroup: draft.parameterGroup }),
		// What a request leaves out is as the snapshot's cache had it.
		...(draft.engine === "memcached" || (draft.persistence === "none" && draft.snapshot === "")
			? {}
			: { persistence: draft.persistence }),
	};
}

/**
 * The request that the draft stands for, defaults left out. It may be invalid: the contract's schema decides,
 * and a port that isn't a number stays as typed so that the schema can refuse it.
 */
export function toRequest(draft: Draft, fleet: FleetFacts): CreateCacheInput {
	const port = draft.port.trim();
	const isServerless = draft.kind === "serverless";
	return {
		name: draft.name.trim(),
		...(isServerless ? { kind: draft.kind } : {}),
		engine: draft.engine,
		...(draft.engineVersion === "" ? {} : { engineVersion: draft.engineVersion }),
		...(isServerless ? serverlessOf(draft) : provisionedOf(draft, fleet)),
		...snapshotsOf(draft),
		...(port === "" ? {} : { port: /^\d+$/.test(port) ? Number(port) : Number.NaN }),
		...(draft.deletionProtection ? { deletionProtection: true } : {}),
		...(filledTags(draft.tags).length === 0 ? {} : { tags: toTagRecord(draft.tags) }),
		...(draft.description === "" ? {} : { description: draft.description }),
	};
}
