import type { EvictionPolicy, Protocol } from "../../contract/enums.ts";
import type { Limits } from "../../contract/serverless.ts";
import { formatGib } from "../../contract/units.ts";
import type { CacheLoad } from "./load.ts";
import { type Parts, partsOf } from "./parts.ts";

/** Sentences of the policy: why a capacity changes, and why it can't. */

/** What they are about. */
interface Situation {
	readonly protocol: Protocol | null;
	readonly limits: Limits;
	readonly evictionPolicy: EvictionPolicy | null;
	readonly capacity: { readonly shardBytes: number; readonly shards: number };
	readonly isResharding: boolean;
}

export function whenFull(situation: Situation): string {
	return `Once it is full, ${atFull(situation)}.`;
}

/** What a full cache does, by its eviction policy. */
function atFull({ evictionPolicy }: Situation): string {
	switch (evictionPolicy) {
		case null:
			return "it evicts what was used least recently";
		case "noeviction":
			return "writes fail with the engine's OOM error";
		case "allkeys-lru":
		case "allkeys-lfu":
		case "allkeys-random":
			return `it evicts keys (${evictionPolicy})`;
		case "volatile-lru":
		case "volatile-lfu":
		case "volatile-random":
		case "volatile-ttl":
			return `it evicts keys that have a TTL (${evictionPolicy}); when none has, writes fail with the engine's OOM error`;
	}
}

export function growthReason({ capacity, protocol }: Situation, load: CacheLoad): string {
	const { shardBytes, shards } = capacity;
	const { shardUsedBytes: used, bytesPerSecond } = load;
	const rate = bytesPerSecond < 1 ? "" : `, growing by ${formatGib(bytesPerSecond)} per second`;
	const which = shards === 1 ? "The cache" : `The fullest ${partsOf(protocol).name}`;
	return `${which} holds ${formatGib(used)} of ${formatGib(shardBytes)}${rate}.`;
}

export function cpuReason({ capacity, protocol }: Situation, { cpuShare }: CacheLoad): string {
	const percent = Math.round(cpuShare * 100);
	if (protocol === null) return `The busiest node uses ${percent}% of its processors.`;
	const which = capacity.shards === 1 ? "Its engine" : "The busiest shard's engine";
	return `${which} uses ${percent}% of a processor.`;
}

export function ecpuReason({ capacity, protocol }: Situation, perShard: number): string {
	const { name } = partsOf(protocol);
	const which = capacity.shards === 1 ? `The ${name}` : `Each ${name}`;
	return `${which} serves about ${Math.round(perShard).toLocaleString("en-US")} ECPUs per second.`;
}

export function fewerReason({ protocol }: Situation, usedBytes: number): string {
	const { name } = partsOf(protocol);
	const busy = name === "node" ? "they" : "their engines";
	return `For five minutes all ${name}s together held at most ${formatGib(usedBytes)}, and ${busy} were idle enough.`;
}

export function smallerReason(
	{ capacity, protocol }: Situation,
	usedBytes: number,
	isIdle: boolean,
): string {
	const which = capacity.shards === 1 ? "the cache" : `the fullest ${partsOf(protocol).name}`;
	const held = `${which} held at most ${formatGib(usedBytes)} of ${formatGib(capacity.shardBytes)}`;
	return isIdle
		? `No client was connected for five minutes, and ${held}.`
		: `For two minutes ${held}.`;
}

export function noRoom({ protocol, isResharding }: Situation): string {
	if (protocol === "standard") {
		return "no two hosts have more memory for it. Add a larger host, or delete caches. A cache with protocol cluster would spread over several hosts.";
	}
	if (isResharding) {
		const until = protocol === null ? "its nodes have come or gone" : "its slots have moved";
		return `its hosts have no more memory for it until ${until}.`;
	}
	return `no hosts have memory for it, or for another ${partsOf(protocol).name}. Add a host, or delete caches.`;
}

/** For its load. */
export function noRoomForMore({ capacity, protocol }: Situation): string {
	const { name, copies } = partsOf(protocol);
	const where = copies === 1 ? "no host has" : "no two hosts have";
	return `The cache can't get more ${name}s for its load: ${where} room for another ${name} of ${formatGib(capacity.shardBytes)}, or the storage maximum leaves too little for each. Add a host, delete caches, or raise the storage maximum.`;
}

export function atMaximum(situation: Situation, isFull: boolean): string {
	const { limits, capacity, protocol } = situation;
	const max = limits.dataStorageGb.max;
	const name = max === null ? `A ${partsOf(protocol).name}` : "The cache";
	const most =
		max === null
			? `${formatGib(capacity.shardBytes)}, the most that one can have`
			: `its storage maximum of ${max} GB`;
	const present = isFull
		? `${name} has reached ${most}: ${atFull(situation)}.`
		: `${name} is close to ${most}. ${whenFull(situation)}`;
	return max === null ? present : `${present} Raise limits.dataStorageGb.max, or delete data.`;
}

export function floorReason({ name }: Parts, floorBytes: number): string {
	return `A client is connected: a ${name} in use has at least ${formatGib(floorBytes)}.`;
}
