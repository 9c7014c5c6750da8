import type { ClusterMode, Engine } from "./enums.ts";
import { LIMITS } from "./limits.ts";
import { parseSlots, type SlotRange } from "./slots.ts";

/** What a create request says about nodes and how they are kept apart; undefined for what it leaves open. */
export interface CacheShape {
	clusterMode?: ClusterMode | undefined;
	shards?: number | undefined;
	replicasPerShard?: number | undefined;
	nodes?: number | null | undefined;
	slots?: readonly string[] | undefined;
	zones?: readonly string[] | undefined;
	multiAz: boolean;
	automaticFailover?: boolean | undefined;
	auth?: "password" | "none" | undefined;
}

/** Two choices that conflict: the field to change, and ElastiCache's reason. */
export interface Refusal {
	field: keyof CacheShape;
	message: string;
}

export function memcachedRefusals(shape: CacheShape): Refusal[] {
	const refused: Refusal[] = [];
	const refuse = (field: keyof CacheShape, message: string) => refused.push({ field, message });
	const alien = "is not for Memcached, which has neither shards nor replicas; use nodes";
	for (const field of ["shards", "replicasPerShard", "slots"] as const) {
		if (shape[field] !== undefined) refuse(field, `${field} ${alien}`);
	}
	if (shape.clusterMode === "enabled") {
		refuse(
			"clusterMode",
			"Memcached has no cluster mode: its clients spread keys over nodes; leave clusterMode out",
		);
	}
	if (shape.automaticFailover === true) {
		refuse(
			"automaticFailover",
			"Memcached keeps no copies, so there is nothing to fail over to; leave automaticFailover out",
		);
	}
	if (shape.auth === "password") {
		refuse("auth", "Memcached caches take no password; leave auth out or set it to none");
	}
	const nodes = shape.nodes ?? 1;
	if (shape.multiAz && nodes < 2) {
		refuse("multiAz", "multiAz needs at least two nodes; set nodes to 2 or more");
	}
	if ((shape.zones?.length ?? 0) > nodes) refuse("zones", "there can't be more zones than nodes");
	return [...refused, ...zoneRefusals(shape)];
}

/**
 * `clusterMode` is null while a parameter group may still decide it: then only the rules that hold in both modes
 * apply.
 */
export function shardRefusals(shape: CacheShape, clusterMode: ClusterMode | null): Refusal[] {
	const refused: Refusal[] = [];
	const refuse = (field: keyof CacheShape, message: string) => refused.push({ field, message });
	const shards = shape.shards ?? 1;
	const replicas = shape.replicasPerShard ?? 0;
	if (typeof shape.nodes === "number") {
		refuse("nodes", "nodes is for Memcached; use shards and replicasPerShard");
	}
	if (clusterMode === "disabled" && shards > 1) {
		refuse("shards", "shards must be 1 while clusterMode is disabled; set clusterMode to enabled");
	}
	if (clusterMode === "enabled" && shape.automaticFailover === false) {
		refuse(
			"automaticFailover",
			"automaticFailover can't be off with cluster mode enabled: the cluster elects new primaries itself",
		);
	}
	if (clusterMode === "disabled" && shape.automaticFailover === true && replicas < 1) {
		refuse(
			"automaticFailover",
			"automaticFailover needs at least one replica; set replicasPerShard to 1 or more",
		);
	}
	if (shape.multiAz && replicas < 1) {
		refuse("multiAz", "multiAz needs at least one replica; set replicasPerShard to 1 or more");
	}
	if (shape.multiAz && shape.automaticFailover === false) {
		refuse("automaticFailover", "multiAz needs automaticFailover; leave it out or set it to true");
	}
	if (shape.slots !== undefined) {
		const problem =
			clusterMode === "disabled"
				? "slots can be given only with cluster mode; set clusterMode to enabled"
				: slotsProblem(shape.slots, shards);
		if (problem !== null) refuse("slots", problem);
	}
	return [...refused, ...zoneRefusals(shape)];
}

/** A cache as it is. */
export interface PresentShape {
	engine: Engine;
	clusterMode: ClusterMode;
	replicasPerShard: number;
	/** Null for engines with shards. */
	nodes: number | null;
	zones: readonly string[] | null;
	multiAz: boolean;
	automaticFailover: boolean;
}

/** What a running cache should become; undefined for what stays. */
export type ShapeChange = Pick<CacheShape, "replicasPerShard" | "nodes" | "automaticFailover"> & {
	multiAz?: boolean | undefined;
	/** Null for any. */
	zones?: readonly string[] | null | undefined;
};

/** Why a running cache can't take that shape. */
export function changeRefusals(present: PresentShape, change: ShapeChange): Refusal[] {
	const multiAz = change.multiAz ?? present.multiAz;
	const zones = (change.zones === undefined ? present.zones : change.zones) ?? undefined;
	if (present.engine === "memcached") {
		if (change.nodes === 1 && present.multiAz && change.multiAz === undefined) {
			return [{ field: "nodes", message: heldBy("nodes can't be 1", ["multiAz"], 2) }];
		}
		return memcachedRefusals({ ...change, nodes: change.nodes ?? present.nodes, multiAz, zones });
	}
	const needsReplica = (["multiAz", "automaticFailover"] as const).filter(
		(field) =>
			present[field] &&
			change[field] === undefined &&
			(field === "multiAz" || present.clusterMode === "disabled"),
	);
	if (change.replicasPerShard === 0 && needsReplica.length > 0) {
		const message = heldBy("replicasPerShard can't be 0", needsReplica, 1);
		return [{ field: "replicasPerShard", message }];
	}
	if (change.automaticFailover === false && present.multiAz && change.multiAz === undefined) {
		const message =
			"automaticFailover can't be off while multiAz is on; set multiAz to false in the same request";
		return [{ field: "automaticFailover", message }];
	}
	if (change.multiAz === true && change.automaticFailover !== true && !present.automaticFailover) {
		const message =
			"multiAz needs automaticFailover; set automaticFailover to true in the same request";
		return [{ field: "multiAz", message }];
	}
	return shardRefusals(
		{
			nodes: change.nodes,
			replicasPerShard: change.replicasPerShard ?? present.replicasPerShard,
			automaticFailover: change.automaticFailover ?? present.automaticFailover,
			...{ multiAz, zones },
		},
		present.clusterMode,
	);
}

function heldBy(what: string, fields: readonly string[], least: number): string {
	const names = fields.join(" and ");
	const are = fields.length === 1 ? "is" : "are";
	return `${what} while ${names} ${are} on; set ${names} to false in the same request, or keep at least ${least}`;
}

function zoneRefusals({ multiAz, zones }: CacheShape): Refusal[] {
	if (!multiAz || zones === undefined || new Set(zones).size >= 2) return [];
	return [{ field: "zones", message: "multiAz needs at least two different zones" }];
}

/** Why this isn't a valid assignment of all slots to this many shards; null if it is. */
export function slotsProblem(slots: readonly string[], shards: number): string | null {
	if (slots.length !== shards) {
		return `slots must have one entry for each of the ${shards} shards, but has ${slots.length}`;
	}
	const all: SlotRange[] = [];
	for (const [index, text] of slots.entries()) {
		const ranges = parseSlots(text);
		if (ranges === null) {
			return `slots of shard ${index + 1} must look like 0-5460 or 0-100,200-300, from 0 to ${LIMITS.clusterSlots - 1}`;
		}
		all.push(...ranges);
	}
	all.sort((a, b) => a.first - b.first);
	let next = 0;
	for (const { first, last } of all) {
		if (first > next) return unassigned(next, first - 1);
		if (first < next) return `slot ${first} is assigned twice`;
		next = last + 1;
	}
	return next === LIMITS.clusterSlots ? null : unassigned(next, LIMITS.clusterSlots - 1);
}

function unassigned(first: number, last: number): string {
	return first === last
		? `slot ${first} isn't assigned to any shard`
		: `slots ${first} to ${last} aren't assigned to any shard`;
}
