import {
	commonSlots,
	formatSlots,
	mergeSlots,
	readSlots,
	type SlotRange,
	withoutSlots,
} from "../../contract/slots.ts";
import type { CacheModel, NodeModel, OperationStep, ShardModel } from "../cache/model.ts";
import { nodesWanted, primaryOf } from "../cache/model.ts";
import { isInPlace, isServingPrimary, isSettled, isSilent } from "../cache/node-health.ts";
import { percentOf, slotsToGo } from "./moved-slots.ts";
import {
	goalOf,
	leaversOf,
	type OperationCursor,
	type OperationModel,
	roundsOf,
	type SlotLayout,
} from "./operation.ts";

/**
 * The next step of a cache's operation; null while there is nothing to record. It compares the engines with the
 * goal, so it continues from wherever a crash or a failover left things. Agents move the slots: their assignments name
 * what still has to go (fleet/desired-assignments.ts), and the engines' own slots say what has arrived.
 */
export function advanceOperation(cache: CacheModel, now: Date): OperationStep | null {
	const { operation } = cache;
	if (operation === null) return null;
	const slots = foundSlots(cache, operation);
	const error = problemOf(cache, operation);
	const step = { operationId: operation.id, from: operation.cursor, slots, error };
	const next = withPercent(cache, operation, slots, nextOf(cache, operation, slots, now));
	const isNews =
		JSON.stringify(next.cursor) !== JSON.stringify(operation.cursor) ||
		next.remove.length > 0 ||
		next.outcome !== null ||
		Object.keys(slots).length > 0 ||
		error !== operation.error;
	return isNews ? { ...step, ...next } : null;
}

type Next = Pick<OperationStep, "cursor" | "remove" | "outcome" | "events">;

function withPercent(
	{ shards }: CacheModel,
	operation: OperationModel,
	found: SlotLayout,
	next: Next,
): Next {
	const now = shards.map((shard) => ({ ...shard, slots: found[shard.id] ?? shard.slots }));
	const percent = percentOf({ shards: now }, { ...operation, cursor: next.cursor });
	return { ...next, cursor: { ...next.cursor, percent } };
}

function nextOf(cache: CacheModel, operation: OperationModel, found: SlotLayout, now: Date): Next {
	const { cursor } = operation;
	const stay: Next = { cursor, remove: [], outcome: null, events: [] };
	const slotsOf = (shard: ShardModel) => readSlots(found[shard.id] ?? shard.slots);
	const isThere = () =>
		cache.shards.every(
			(shard) => formatSlots(slotsOf(shard)) === formatSlots(goalOf(operation, shard.id)),
		);
	switch (cursor.phase) {
		case "add":
			if (!operation.cancelAsked && !isExtended(cache, operation)) return stay;
			return { ...stay, cursor: beginMoving(cache, operation, now) };
		case "move": {
			const held = cache.shards.some(({ failover }) => failover !== null);
			if (held !== cursor.held) return { ...stay, cursor: { ...cursor, held } };
			if (!cache.shards.every(hasMoved)) return stay;
			if (isThere()) return { ...stay, cursor: { ...cursor, phase: "settle", held: false } };
			const slotsById = new Map(cache.shards.map((shard) => [shard.id, slotsOf(shard)]));
			return { ...stay, cursor: { ...cursor, round: roundToGo(operation, slotsById) } };
		}
		case "settle": {
			// An agent that couldn't be reached went on with what it had been told before.
			if (!isThere()) return { ...stay, cursor: { ...cursor, phase: "move" } };
			const leavers = cache.shards.filter(({ id }) => leaversOf(operation).includes(id));
			if (leavers.length === 0) return isAgreed(cache, found) ? end(cache, operation) : stay;
			const empty = leavers.filter((shard) => isEmpty(cache, shard));
			return empty.length < leavers.length ? stay : { ...stay, remove: empty.map(({ id }) => id) };
		}
	}
}

/** The new shards have all their nodes, and these are in place. */
function isExtended(cache: CacheModel, { input }: OperationModel): boolean {
	return cache.shards
		.filter(({ id }) => input.added.includes(id))
		.every(
			(shard) =>
				shard.nodes.length === nodesWanted(cache, shard) &&
				shard.nodes.every((node) => !node.joining && isInPlace(cache, shard, node)),
		);
}

function beginMoving(cache: CacheModel, operation: OperationModel, now: Date): OperationCursor {
	const toMove = slotsToGo(cache, operation);
	const { percent } = operation.cursor;
	return { phase: "move", movingSince: now.toISOString(), toMove, round: 0, held: false, percent };
}

/** The present round until all of its slots have arrived, then the first other round with slots to move. */
function roundToGo(
	operation: OperationModel,
	slotsById: ReadonlyMap<string, readonly SlotRange[]>,
): number {
	const { round } = operation.cursor;
	const isToGo = roundsOf(operation).map((moves) =>
		moves.some(
			({ toShardId, slots }) => withoutSlots(slots, slotsById.get(toShardId) ?? []).length > 0,
		),
	);
	if (isToGo[round] === true) return round;
	const next = isToGo.indexOf(true);
	return next === -1 ? round : next;
}

/**
 * Its agent says so, and knows the newest assignment: with an earlier one, it may be about to move slots that should stay
 * by now. Or its primary can't be asked.
 */
export function hasMoved(shard: ShardModel): boolean {
	const primary = primaryOf(shard);
	if (primary === undefined || isSilent(primary) || !isServingPrimary(primary, shard)) return true;
	const { observation, generation } = primary;
	const moves = observation?.engineState?.cluster?.moves ?? [];
	return observation?.generation === generation && moves.length === 0;
}

/**
 * What the engines have, where it differs from the record. Reports of different ages may both claim a slot that has just
 * moved, or neither: such a slot belongs to the claimant that should have it, or stays where it is recorded. So every
 * slot has one owner at all times.
 */
function foundSlots(cache: CacheModel, operation: OperationModel): SlotLayout {
	const claims = cache.shards.map((shard) => {
		const primary = primaryOf(shard);
		const isKnown = primary !== undefined && isServingPrimary(primary, shard) && !isSilent(primary);
		return isKnown ? readSlots(primary.observation?.engineState?.cluster?.slots ?? "") : [];
	});
	const recorded = cache.shards.map((shard) => readSlots(shard.slots));
	// Taken over by one shard, and therefore lost by the others.
	const gained = cache.shards.map((shard, index) => {
		const claimed = withoutSlots(claims[index] ?? [], recorded[index] ?? []);
		const disputed = claims.flatMap((slots, other) => (other === index ? [] : slots));
		return mergeSlots([
			...withoutSlots(claimed, disputed),
			...commonSlots(claimed, goalOf(operation, shard.id)),
		]);
	});
	const found = cache.shards.map((_, index) => {
		const lost = gained.flatMap((slots, other) => (other === index ? [] : slots));
		return mergeSlots([...withoutSlots(recorded[index] ?? [], lost), ...(gained[index] ?? [])]);
	});
	return Object.fromEntries(
		cache.shards.flatMap((shard, index) => {
			const text = formatSlots(found[index] ?? []);
			return text === formatSlots(recorded[index] ?? []) ? [] : [[shard.id, text]];
		}),
	);
}

/** All nodes are in place and see the same cluster, the recorded one. */
function isAgreed(cache: CacheModel, found: SlotLayout): boolean {
	if (Object.keys(found).length > 0) return false;
	return cache.shards.every((shard) => shard.nodes.every((node) => isSettled(node, shard, cache)));
}

/**
 * Nothing would be lost with the shard: its primary has neither slots nor keys, or, if it can't be asked, all others
 * together serve all slots.
 */
function isEmpty(cache: CacheModel, shard: ShardModel): boolean {
	const primary = primaryOf(shard);
	if (readSlots(shard.slots).length > 0) return false;
	const cluster = primary?.observation?.engineState?.cluster;
	if (primary !== undefined && cluster != null && !isSilent(primary)) {
		return cluster.slots === "" && cluster.keys === 0;
	}
	const rest = cache.shards.filter((each) => each !== shard && readSlots(each.slots).length > 0);
	return rest.every((each) => {
		const leader = primaryOf(each);
		return leader !== undefined && servesExactly(leader, each);
	});
}

function servesExactly(node: NodeModel, shard: ShardModel): boolean {
	const slots = node.observation?.engineState?.cluster?.slots ?? "";
	return isServingPrimary(node, shard) && !isSilent(node) && isSame(readSlots(slots), shard);
}

function isSame(slots: readonly SlotRange[], shard: ShardModel): boolean {
	return formatSlots(slots) === formatSlots(readSlots(shard.slots));
}

/** Why the newest attempts to move slots failed. */
function problemOf(cache: CacheModel, operation: OperationModel): string | null {
	if (operation.cursor.phase !== "move") return null;
	for (const shard of cache.shards) {
		const primary = primaryOf(shard);
		const moves = primary?.observation?.engineState?.cluster?.moves ?? [];
		const problem = moves.find((move) => move.problem !== null)?.problem;
		if (problem != null) return `${primary?.name}: ${problem}`;
	}
	return null;
}

function end(cache: CacheModel, operation: OperationModel): Next {
	const { cursor, kind, cancelAsked } = operation;
	const shards = `${cache.shards.length} shard${cache.shards.length === 1 ? "" : "s"}`;
	const message = cancelAsked
		? `The change to cache ${cache.name} was canceled. The cache has ${shards}, as before.`
		: kind === "scale-out" || kind === "scale-in"
			? `Cache ${cache.name} now has ${shards}.`
			: `The slots of cache ${cache.name} have moved.`;
	return {
		cursor,
		remove: [],
		outcome: cancelAsked ? "canceled" : "done",
		events: [{ severity: "info", type: "cache.modified", message }],
	};
}
