import type { Cache } from "../../../server/contract/cache-view.ts";
import type { CacheKind, EvictionPolicy, Protocol } from "../../../server/contract/enums.ts";
import type { Limits } from "../../../server/contract/serverless.ts";
import { plural } from "../../_lib/format/count.ts";

interface Words {
	label: string;
	/** What it means, in a sentence. */
	hint: string;
}

export const KINDS: Readonly<Record<CacheKind, Words>> = {
	serverless: {
		label: "Serverless",
		hint: "Larder sizes it: it grows and shrinks with its data and its requests.",
	},
	provisioned: {
		label: "Provisioned",
		hint: "You choose node type, shards and replicas, and change them when you want.",
	},
};

export const PROTOCOL_WORDS: Readonly<Record<Protocol, Words>> = {
	cluster: {
		label: "Cluster",
		hint: "Grows over many hosts, for clients that speak the cluster protocol, as with ElastiCache Serverless.",
	},
	standard: {
		label: "Standard",
		hint: "One endpoint for any client and commands on any keys together; grows up to what one host holds.",
	},
};

export const MEMCACHED_EVICTION_HINT =
	"Evicts what was used least recently. Writes never fail for lack of room.";

export const MEMCACHED_HINT =
	"Larder adds memory first, and nodes once hosts have no more; keys that move to a new node begin as misses. At the storage maximum, it evicts what was used least recently.";

/** What happens once a serverless cache can't grow any more. */
export const EVICTION_HINTS: Readonly<Record<EvictionPolicy, string>> = {
	"volatile-lru":
		"Evicts the least recently used keys that have a TTL. Once only keys without one are left, writes fail.",
	"allkeys-lru": "Evicts the least recently used keys of all. Writes never fail for lack of room.",
	"volatile-lfu":
		"Evicts the least frequently used keys that have a TTL. Once only keys without one are left, writes fail.",
	"allkeys-lfu":
		"Evicts the least frequently used keys of all. Writes never fail for lack of room.",
	"volatile-random":
		"Evicts any keys that have a TTL. Once only keys without one are left, writes fail.",
	"allkeys-random": "Evicts any keys. Writes never fail for lack of room.",
	"volatile-ttl":
		"Evicts the keys that expire soonest. Once only keys without a TTL are left, writes fail.",
	noeviction:
		"Evicts nothing: writes fail instead, with the engine's out-of-memory error. For queues such as BullMQ, Sidekiq and Celery, which must not lose jobs.",
};

/** "none", "at least 1 GB", "at most 10 GB", "1 GB to 10 GB". */
function boundsWords(
	{ min, max }: Limits["dataStorageGb"],
	format: (value: number) => string,
): string {
	if (min === null) return max === null ? "none" : `at most ${format(max)}`;
	return max === null ? `at least ${format(min)}` : `${format(min)} to ${format(max)}`;
}

/** As in the contract, whose constant would load the code that validates. */
const STORAGE_GB_BYTES = 1e9;

export function storageBytes(gb: number): number {
	return gb * STORAGE_GB_BYTES;
}

/** A limit in the unit in which it is set and billed; what is measured is in GiB. */
export function formatGb(gb: number): string {
	return `${gb.toLocaleString("en-US")} GB`;
}

export function formatEcpu(ecpuPerSecond: number): string {
	return `${Math.round(ecpuPerSecond).toLocaleString("en-US")} ECPU/s`;
}

export function storageLimitWords({ dataStorageGb }: Limits): string {
	return boundsWords(dataStorageGb, formatGb);
}

export function ecpuLimitWords({ ecpuPerSecond }: Limits): string {
	return boundsWords(ecpuPerSecond, formatEcpu);
}

/** After how long it sleeps: "after 30 minutes without clients". */
export function sleepWords({ scaleToZero }: Pick<Cache, "scaleToZero">): string {
	return scaleToZero === null
		? "never"
		: `after ${plural(scaleToZero.afterMinutes, "minute")} without clients`;
}
