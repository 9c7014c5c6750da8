import type { EvictionPolicy, Protocol, ScalingTrigger } from "../../contract/enums.ts";
import { MIB } from "../../contract/limits.ts";
import { FLOOR_BYTES, type Limits, SHRINKS_PER_HOUR } from "../../contract/serverless.ts";
import { formatGib } from "../../contract/units.ts";
import {
	type Bounds,
	boundsOf,
	bytesFor,
	ECPU_PER_SHARD,
	headroomOf,
	inUnits,
	nextBytes,
	roomyBytes,
} from "./capacity.ts";
import { CALM_MS, type CacheLoad, LONG_CALM_MS } from "./load.ts";
import { partsOf } from "./parts.ts";
import {
	atMaximum,
	cpuReason,
	ecpuReason,
	fewerReason,
	floorReason,
	growthReason,
	noRoom,
	noRoomForMore,
	smallerReason,
	whenFull,
} from "./words.ts";

/** What every shard has for data, and how many there are. */
export interface ShardCapacity {
	shardBytes: number;
	shards: number;
}

/** What hosts can give, for data. The policy never asks for more. */
export interface Room {
	/** What every shard can have where its nodes are. */
	inPlaceBytes: number;
	/** What a cache with one shard can have if its nodes move. */
	elsewhereBytes: number;
	/** A shard beyond this leaves too little of its hosts for other shards: a cluster gets more shards first. */
	splitBytes: number;
	/** Each host that takes nodes: what is free there, and how many nodes of the cache it has. */
	hosts: readonly { spareBytes: number; ownNodes: number }[];
	/** Of all hosts that take nodes: an engine's commands run on one, so more shards than these share them. */
	processors: number;
}

const EVERYTHING_BYTES = 2 ** 50;
/** Room for everything. */
export const BOUNDLESS: Room = {
	...{ inPlaceBytes: EVERYTHING_BYTES, elsewhereBytes: EVERYTHING_BYTES },
	splitBytes: EVERYTHING_BYTES,
	hosts: Array.from({ length: 2 }, () => ({ spareBytes: EVERYTHING_BYTES, ownNodes: 0 })),
	processors: 2 ** 16,
};

/** When the capacity changed, in milliseconds. */
export interface RecentScaling {
	changedAt: number | null;
	/** When the number of shards changed. */
	shardsAt: number | null;
	/** When an idle cache got less; those of the last hour count. */
	shrunkAt: readonly number[];
}

export interface Situation {
	now: number;
	/** Null for Memcached: it has nodes without copies in place of shards. */
	protocol: Protocol | null;
	limits: Limits;
	/** What a full cache does; null for Memcached. */
	evictionPolicy: EvictionPolicy | null;
	capacity: ShardCapacity;
	/** Null while it isn't known. */
	load: CacheLoad | null;
	/** How long no client has been connected; 0 while one is, null while it isn't known. */
	idleMs: number | null;
	room: Room;
	recent: RecentScaling;
	/** Slots move between shards: until that is over, only their size changes. */
	isResharding: boolean;
}

export interface Decision {
	to: ShardCapacity;
	trigger: ScalingTrigger;
	/** A sentence. */
	reason: string;
}

export interface Verdict {
	/** Null for no change. */
	decision: Decision | null;
	/** Why the cache doesn't get what it needs, and what would help, in sentences; null if it has enough. */
	obstacle: string | null;
}

export const HOUR_MS = 3_600_000;
/** A shard grows by at least what the present rate fills in this time. */
const AHEAD_SECONDS = 4;
/** How long new shards take to start, and how fast slots move on a busy machine. Until then, a shard keeps growing. */
const SHARD_START_SECONDS = 5;
const MOVED_BYTES_PER_SECOND = 32 * MIB;
/** How long Larder may take to give memory. */
const REACTION_SECONDS = 2;
/** A cache without clients for this long keeps no room for bursts. */
export const IDLE_AFTER_MS = 5 * 60_000;
/** At most this share of a shard goes in one step down. */
const STEP_DOWN = 1 / 4;
/** A smaller gain than this isn't worth a step. */
const STEP_SHARE = 0.1;
/** An engine's processor beyond this share asks for more shards. */
export const CPU_HIGH = 0.7;
const ECPU_HIGH = 0.8 * ECPU_PER_SHARD;
/** Fewer shards must leave them this idle. */
const CPU_LOW = 0.35;
const ECPU_LOW = 0.4 * ECPU_PER_SHARD;
/** New shards must have taken their part of the load before more are added for it. */
const OUT_AGAIN_MS = 30_000;
/** How full a shard may be at the storage maximum before its users hear of it. */
const NEARLY_FULL = 0.85;
/** How full a shard is when its engine begins to evict, or to refuse writes. */
const FULL = 0.98;

/**
 * Decides whether a serverless cache gets another capacity. Pure: the same situation, the same verdict.
 *
 *   limits   a capacity outside of them is corrected at once
 *   storage  a shard whose free memory runs low doubles, or gets what its growth fills in a few seconds; in place, else
 *            by more shards (cluster) that leave it room until its slots have moved, else on a larger host
 *   load     busy engines get twice as many shards (cluster)
 *   idle     after two calm minutes a shard gets smaller, by three quarters at the most; after five, shards leave, half
 *            of them at the most; six such steps an hour. Without clients for five minutes, a shard keeps no room for
 *            bursts, and gets it back the moment a client connects
 */
export function decideCapacity(situation: Situation): Verdict {
	const { capacity, limits, load } = situation;
	// A shard without clients may be smaller than others, until one connects.
	const parts = partsOf(situation.protocol);
	const ofLimits = boundsOf(limits, capacity.shards, situation.idleMs === 0);
	const minShards = Math.min(parts.most, Math.max(parts.least, ofLimits.minShards));
	const bounds = { ...ofLimits, minShards };
	const corrected = correct(situation, bounds);
	if (corrected !== null) return corrected;
	if (load === null) return { decision: null, obstacle: unmetMinimum(situation, bounds) };
	const grown = growStorage(situation, load, bounds);
	if (grown?.decision) return grown;
	const out = growShards(situation, load);
	if (out?.decision) return out;
	const obstacle = grown?.obstacle ?? out?.obstacle ?? unmetMinimum(situation, bounds);
	const isCalm = grown === null && out === null;
	return { decision: isCalm ? shrink(situation, load, bounds) : null, obstacle };
}

/** A capacity outside of the limits. */
function correct(situation: Situation, bounds: Bounds): Verdict | null {
	const { capacity, room, limits } = situation;
	const { shardBytes, shards } = capacity;
	if (shardBytes > bounds.maxBytes) {
		const reason = `The storage maximum is ${limits.dataStorageGb.max} GB.`;
		return decide(capacity, { shardBytes: bounds.maxBytes }, "limits", reason);
	}
	const reachable = reach(situation, bounds.minBytes);
	if (shardBytes < bounds.minBytes && isWorthwhile(shardBytes, reachable, bounds.minBytes)) {
		const reason = isFloor(bounds)
			? floorReason(partsOf(situation.protocol), FLOOR_BYTES)
			: `The storage minimum is ${limits.dataStorageGb.min} GB.`;
		return decide(capacity, { shardBytes: reachable }, "limits", reason);
	}
	if (shards >= bounds.minShards || !canReshard(situation)) return null;
	const { copies } = partsOf(situation.protocol);
	const more = fittingShards(room, shardBytes, bounds.minShards - shards, { copies });
	if (more === 0) return null;
	const min = limits.ecpuPerSecond.min?.toLocaleString("en-US");
	return out(situation, shards + more, "limits", `The ECPU minimum is ${min} per second.`);
}

/** What hosts lack for the minima; null for nothing. */
function unmetMinimum(situation: Situation, bounds: Bounds): string | null {
	const { capacity, limits, isResharding, protocol } = situation;
	if (capacity.shardBytes < bounds.minBytes) {
		const least = isFloor(bounds)
			? `The least that a ${partsOf(protocol).name} in use should have, ${formatGib(FLOOR_BYTES)},`
			: `The storage minimum of ${limits.dataStorageGb.min} GB`;
		return `${least} isn't reached: ${noRoom(situation)}`;
	}
	if (protocol === "standard" || isResharding || capacity.shards >= bounds.minShards) return null;
	return `The ECPU minimum needs ${bounds.minShards} ${partsOf(protocol).name}s, and ${noRoom(situation)}`;
}

/** The minimum is what every shard has, not what the user has set. */
function isFloor({ minBytes }: Bounds): boolean {
	return minBytes === FLOOR_BYTES;
}

function growStorage(situation: Situation, load: CacheLoad, bounds: Bounds): Verdict | null {
	const { capacity, room } = situation;
	const { shardBytes } = capacity;
	const { shardUsedBytes: used, bytesPerSecond } = load;
	const soon = used + bytesPerSecond * REACTION_SECONDS;
	if (soon <= shardBytes - headroomOf(shardBytes)) return null;
	const ahead = bytesFor(used + bytesPerSecond * AHEAD_SECONDS);
	const wanted = Math.min(inUnits(Math.max(nextBytes(shardBytes), ahead)), bounds.maxBytes);
	if (wanted <= shardBytes) {
		const isNear = used > NEARLY_FULL * shardBytes;
		const isFull = used >= FULL * shardBytes;
		return isNear ? { decision: null, obstacle: atMaximum(situation, isFull) } : null;
	}
	const reason = growthReason(situation, load);
	const grow = (bytes: number): Verdict | null =>
		isWorthwhile(shardBytes, bytes, wanted)
			? decide(capacity, { shardBytes: bytes }, "storage", reason)
			: null;
	const inPlace = Math.min(wanted, room.inPlaceBytes);
	const mayReshard = canReshard(situation);
	const split = (keptBytes: number): Verdict | null =>
		mayReshard ? splitFor(situation, load, "storage", reason, keptBytes) : null;
	const growthBytes = Math.min(growthUntilMoved(shardBytes, load), wanted - shardBytes);
	return (
		grow(mayReshard ? Math.min(inPlace, room.splitBytes) : inPlace) ??
		split(growthBytes) ??
		grow(inPlace) ??
		split(0) ??
		grow(reach(situation, wanted)) ?? {
			decision: null,
			obstacle: `The cache needs more than ${formatGib(shardBytes)} per ${partsOf(situation.protocol).name}, and ${noRoom(situation)} ${whenFull(situation)}`,
		}
	);
}

/** How much more data each shard may get, where it is, until the slots that should move have moved. */
export function reserveUntilMoved({ capacity, load }: Situation): number {
	return load === null ? 0 : growthUntilMoved(capacity.shardBytes, load);
}

/** What the present rate adds to the fullest shard until half of its data has moved, beyond what it has free. */
function growthUntilMoved(shardBytes: number, load: CacheLoad): number {
	const { shardUsedBytes: used, bytesPerSecond } = load;
	const seconds = SHARD_START_SECONDS + used / 2 / MOVED_BYTES_PER_SECOND;
	return Math.max(0, bytesPerSecond * seconds - Math.max(0, shardBytes - used));
}

/** A small gain isn't worth a step, unless it is all that is wanted. */
function isWorthwhile(shardBytes: number, to: number, wanted: number): boolean {
	return to > shardBytes && to >= Math.min(wanted, shardBytes * (1 + STEP_SHARE));
}

function growShards(situation: Situation, load: CacheLoad): Verdict | null {
	const { capacity, now, recent } = situation;
	const perShard = (load.ecpuPerSecond ?? 0) / capacity.shards;
	const isHot = load.cpuShare > CPU_HIGH;
	if (!isHot && perShard <= ECPU_HIGH) return null;
	// One engine does what it can; clients notice nothing but that.
	if (situation.protocol === "standard" || situation.isResharding) return null;
	if (capacity.shards >= situation.room.processors) return null;
	if (recent.shardsAt !== null && now - recent.shardsAt < OUT_AGAIN_MS) return null;
	const reason = isHot ? cpuReason(situation, load) : ecpuReason(situation, perShard);
	const split = splitFor(situation, load, isHot ? "cpu" : "ecpu", reason);
	if (split !== null) return split;
	return { decision: null, obstacle: noRoomForMore(situation) };
}

/** Twice the shards, or as many as there is room for. Beside each node that the cache has, `keptBytes` stay free. */
function splitFor(
	situation: Situation,
	load: CacheLoad,
	trigger: ScalingTrigger,
	reason: string,
	keptBytes = 0,
): Verdict | null {
	const { capacity, room } = situation;
	const { shardBytes, shards } = capacity;
	const { most: partsMax, copies } = partsOf(situation.protocol);
	const most = trigger === "storage" ? partsMax : Math.min(partsMax, room.processors);
	for (let more = Math.min(shards, most - shards); more > 0; more = Math.floor(more / 2)) {
		const { maxBytes } = boundsOf(situation.limits, shards + more);
		if (maxBytes < FLOOR_BYTES) continue;
		// All data is still where it was: no shard may get less than it holds.
		if (maxBytes < shardBytes && load.shardUsedBytes > 0.8 * maxBytes) continue;
		const size = Math.min(shardBytes, maxBytes);
		const fitting = fittingShards(room, size, more, { copies, keptBytes });
		if (fitting === more) return out(situation, shards + more, trigger, reason);
	}
	return null;
}

function out(
	{ capacity, limits }: Situation,
	shards: number,
	trigger: ScalingTrigger,
	reason: string,
): Verdict {
	const shardBytes = Math.min(capacity.shardBytes, boundsOf(limits, shards).maxBytes);
	return decide(capacity, { shards, shardBytes }, trigger, reason);
}

function shrink(situation: Situation, load: CacheLoad, bounds: Bounds): Decision | null {
	const { now, recent, isResharding } = situation;
	const lately = recent.shrunkAt.filter((at) => now - at < HOUR_MS);
	if (isResharding || lately.length >= SHRINKS_PER_HOUR) return null;
	if (recent.changedAt !== null && now - recent.changedAt < CALM_MS) return null;
	return fewerShards(situation, load, bounds) ?? smallerShards(situation, load);
}

function fewerShards(
	situation: Situation,
	{ longCalm }: CacheLoad,
	{ minShards }: Bounds,
): Decision | null {
	const { now, capacity, limits, recent, room } = situation;
	const { shardBytes, shards } = capacity;
	if (shards === 1 || longCalm === null) return null;
	if ((recent.changedAt ?? 0) + LONG_CALM_MS > now) return null;
	const least = Math.max(1, minShards, Math.ceil(shards / 2));
	for (let fewer = least; fewer < shards; fewer++) {
		const bounds = boundsOf(limits, fewer);
		const share = shards / fewer;
		const each = Math.max(shardBytes, bounds.minBytes, roomyBytes(longCalm.usedBytes / fewer));
		const isRoomy = each <= Math.min(bounds.maxBytes, room.inPlaceBytes, room.splitBytes);
		const isIdle = longCalm.cpuShare * share < CPU_LOW && longCalm.ecpuPerSecond / fewer < ECPU_LOW;
		if (!isRoomy || !isIdle) continue;
		const reason = fewerReason(situation, longCalm.usedBytes);
		return { to: { shardBytes: each, shards: fewer }, trigger: "idle", reason };
	}
	return null;
}

function smallerShards(
	situation: Situation,
	{ calm, shardUsedBytes, bytesPerSecond }: CacheLoad,
): Decision | null {
	const { capacity, limits, idleMs } = situation;
	const { shardBytes, shards } = capacity;
	if (calm === null || bytesPerSecond > 0) return null;
	const used = Math.max(calm.shardUsedBytes, shardUsedBytes);
	const isIdle = idleMs !== null && idleMs >= IDLE_AFTER_MS;
	const { minBytes } = boundsOf(limits, shards, !isIdle);
	const stepBytes = isIdle ? 0 : inUnits(shardBytes * STEP_DOWN);
	const to = Math.max(minBytes, roomyBytes(used), stepBytes);
	if (to > 0.6 * shardBytes) return null;
	const reason = smallerReason(situation, used, isIdle);
	return { to: { shardBytes: to, shards }, trigger: "idle", reason };
}

function canReshard({ protocol, isResharding }: Situation): boolean {
	return protocol !== "standard" && !isResharding;
}

/** What hosts can give a shard, up to `wanted`. */
function reach({ room, capacity }: Situation, wanted: number): number {
	const most =
		capacity.shards === 1 ? Math.max(room.inPlaceBytes, room.elsewhereBytes) : room.inPlaceBytes;
	return Math.min(wanted, most);
}

/**
 * How many of so many new shards fit, each with its copies on two hosts if there are two. `keptBytes` stay free for each
 * node that the cache has.
 */
export function fittingShards(
	{ hosts }: Room,
	shardBytes: number,
	wanted: number,
	{ keptBytes = 0, copies = 2 }: { keptBytes?: number; copies?: number } = {},
): number {
	const places = hosts.map(({ spareBytes, ownNodes }) =>
		Math.max(0, Math.floor((spareBytes - ownNodes * keptBytes) / shardBytes)),
	);
	const all = places.reduce((sum, count) => sum + count, 0);
	if (copies === 1) return Math.min(wanted, all);
	const apart = places.length < 2 ? all : all - Math.max(...places);
	return Math.min(wanted, Math.floor(all / 2), apart);
}

function decide(
	from: ShardCapacity,
	to: Partial<ShardCapacity>,
	trigger: ScalingTrigger,
	reason: string,
): Verdict {
	return { decision: { to: { ...from, ...to }, trigger, reason }, obstacle: null };
}

/** What the policy must remember of a decision. */
export function remember(
	{ shrunkAt, shardsAt }: RecentScaling,
	from: ShardCapacity,
	{ to, trigger }: Decision,
	now: number,
): RecentScaling {
	const kept = shrunkAt.filter((at) => now - at < HOUR_MS);
	return {
		changedAt: now,
		shardsAt: from.shards === to.shards ? shardsAt : now,
		shrunkAt: trigger === "idle" ? [...kept, now] : kept,
	};
}
