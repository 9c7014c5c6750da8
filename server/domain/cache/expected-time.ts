import type { Engine } from "../../contract/enums.ts";
import { DISCOVERY_POLL_MS, MIB } from "../../contract/limits.ts";

/**
 * About how long parts of a change take, in seconds: what docs/measurements.md found on two processors, rounded up. Real
 * networks and disks differ; while a change is under way, its own speed says more.
 */
const PER_NODE = 3;
const COPY_BYTES = 200 * MIB;
const LOAD_BYTES = 150 * MIB;
/** By one move of many slots (Valkey 9), and key by key. */
const MOVED_BYTES = { atomic: 100 * MIB, keyByKey: 25 * MIB };
const MOVED_SLOTS = { atomic: 2_000, keyByKey: 300 };

/** New replicas, or successors, that copy at the same time: as long as the largest takes. */
export function copySeconds(bytes: readonly number[]): number {
	return bytes.length === 0 ? 0 : PER_NODE + Math.max(...bytes) / COPY_BYTES;
}

/** A node that is made larger or smaller in place. */
export const RESIZE_SECONDS = 1;

/** Until the reconciler has placed new nodes. */
export const PLACE_SECONDS = 1;

/** Until all gateways send clients to other nodes. */
export const ROUTE_SECONDS = 1;

export function restartSeconds(bytes: number): number {
	return PER_NODE + bytes / LOAD_BYTES;
}

/** Nodes that leave. Memcached's clients get time to notice. */
export function leaveSeconds(engine: Engine, count: number): number {
	if (count === 0) return 0;
	return PER_NODE + (engine === "memcached" ? DISCOVERY_POLL_MS / 1_000 : 0);
}

export function moveSeconds(engine: Engine, version: string, slots: number, bytes: number): number {
	if (slots === 0) return 0;
	const isAtomic = engine === "valkey" && Number.parseInt(version, 10) >= 9;
	const way = isAtomic ? "atomic" : "keyByKey";
	return PER_NODE + slots / MOVED_SLOTS[way] + bytes / MOVED_BYTES[way];
}
