import { randomUUID } from "node:crypto";
import { SLOT_MOVES_SINCE } from "../../contract/agent.ts";
import type { WeightBy } from "../../contract/cache.ts";
import { slotsProblem } from "../../contract/cache-shape.ts";
import { AppError } from "../../contract/errors.ts";
import { MIB } from "../../contract/limits.ts";
import type { OperationKind } from "../../contract/operation.ts";
import {
	countSlots,
	formatSlots,
	readSlots,
	type SlotRange,
	withoutSlots,
} from "../../contract/slots.ts";
import { type FullCache, progressColumn } from "../../data/cache-mapping.ts";
import { shardName } from "../../data/cache-view.ts";
import { isUniqueViolation, type Transaction } from "../../data/database.ts";
import { modeChangeOf } from "../../data/mode-change-column.ts";
import { toOperationModel } from "../../data/operation-mapping.ts";
import { recordEvent } from "../../data/record-event.ts";
import { balanceBytes } from "../../domain/operation/balance-bytes.ts";
import { balanceSlots } from "../../domain/operation/balance-slots.ts";
import type {
	OperationCursor,
	OperationInput,
	SlotLayout,
} from "../../domain/operation/operation.ts";
import { operationSteps } from "../../domain/operation/operation-progress.ts";
import type { Requester, Resources } from "../context.ts";
import { askToCancel } from "./ask-to-cancel.ts";
import { type ChangeProblem, throwFirst } from "./change-problem.ts";
import { modifyingStatus } from "./modifying-status.ts";
import { describeMovesUnderWay } from "./moves-under-way.ts";

/**
 * With `shards`, that many shards with slots spread over them; with `slots`, those slots; with neither, slots spread
 * again.
 */
export type ReshardRequest =
	| { shards: number; weightBy?: WeightBy | undefined }
	| { slots: readonly string[] }
	| { weightBy: WeightBy | undefined };

/** About what an engine in cluster mode uses without data. */
const EMPTY_ENGINE_BYTES = 1.7 * MIB;

type Held = NonNullable<OperationInput["held"]>;

type ReshardProblem = ChangeProblem & { field: "shards" | "slots" };

export interface ReshardPlan {
	kind: OperationKind;
	input: OperationInput;
	/** New shards, with their indexes. */
	newShards: { id: string; index: number }[];
	/** How many slots move to another shard. */
	slotCount: number;
	problems: ReshardProblem[];
}

/** What a change of shards or slots would do; null if nothing would change. */
export function planReshard(
	resources: Resources,
	row: FullCache,
	request: ReshardRequest,
): ReshardPlan | null {
	const count = "shards" in request ? request.shards : row.shardCount;
	const field = "shards" in request ? "shards" : "slots";
	const unfit = unfitness(row, request, field);
	const present = row.shards.map(({ id, index, slots }) => ({
		id,
		index,
		slots: readSlots(slots),
	}));
	const coming = Math.max(0, count - present.length);
	const newShards = Array.from({ length: coming }, (_, k) => ({
		id: randomUUID(),
		index: present.length + k,
	}));
	if (unfit !== null) {
		const input = { before: {}, after: {}, added: [], removed: [], shardsBefore: row.shardCount };
		return { kind: "set-slots", input, newShards, slotCount: 0, problems: [unfit] };
	}
	const all = [...present, ...newShards.map((shard) => ({ ...shard, slots: [] }))];
	const held = heldBy(resources, row);
	const wanted = spread(request, all, count, held);
	const layout = (slotsOf: (index: number) => string): SlotLayout =>
		Object.fromEntries(all.map(({ id }, index) => [id, slotsOf(index)]));
	const input: OperationInput = {
		before: layout((index) => formatSlots(all[index]?.slots ?? [])),
		after: layout((index) => formatSlots(wanted[index] ?? [])),
		added: newShards.map(({ id }) => id),
		removed: all.slice(count).map(({ id }) => id),
		shardsBefore: row.shardCount,
		held,
	};
	const slotCount = all.reduce(
		(sum, { slots }, index) => sum + countSlots(withoutSlots(slots, wanted[index] ?? [])),
		0,
	);
	if (slotCount === 0 && newShards.length === 0 && input.removed.length === 0) return null;
	return {
		kind: kindOf(request, count, present.length),
		...{ input, newShards, slotCount },
		problems: [
			...whyBusy(row, field),
			...foreignHosts(resources, row, field),
			...tooFull(resources, row, input, field),
			...unweighed(row, request, held, field),
		],
	};
}

/** The slots that each shard should have. */
function spread(
	request: ReshardRequest,
	shards: readonly { id: string; slots: SlotRange[] }[],
	count: number,
	held: Held,
): SlotRange[][] {
	if ("slots" in request) return request.slots.map((text) => readSlots(text.replace(/\s/g, "")));
	const holders = shards.map(({ id, slots }, index) => {
		return { slots, stays: index < count, bytes: held[id]?.bytes ?? 0 };
	});
	return request.weightBy === "bytes" ? balanceBytes(holders) : balanceSlots(holders);
}

/** Shards whose data can't be weighed yet. */
function unweighed(
	row: FullCache,
	request: ReshardRequest,
	held: Held,
	field: ReshardProblem["field"],
): ReshardProblem[] {
	if ("slots" in request || request.weightBy !== "bytes") return [];
	return row.shards
		.filter(({ id }) => held[id] === undefined)
		.map(({ index }) => {
			const message = `Larder doesn't know yet how much data shard ${shardName(index)} holds. Try again in a few seconds.`;
			return { field, message, code: "conflict" };
		});
}

/** What the shards hold, according to the newest samples, without what an engine needs for itself. */
function heldBy({ fleet }: Resources, row: FullCache): Held {
	const held = row.shards.flatMap(({ id, primaryNodeId }) => {
		const sample = primaryNodeId === null ? null : fleet.metrics(primaryNodeId);
		if (sample === null) return [];
		const { keys, memoryUsedBytes } = sample;
		const bytes = keys === 0 ? 0 : Math.max(0, memoryUsedBytes - EMPTY_ENGINE_BYTES);
		return [[id, { keys, bytes }]];
	});
	return Object.fromEntries(held);
}

function kindOf(request: ReshardRequest, count: number, before: number): OperationKind {
	if ("slots" in request) return "set-slots";
	if (!("shards" in request)) return "rebalance";
	return count > before ? "scale-out" : "scale-in";
}

/** Why such a cache can never have these shards. */
function unfitness(
	row: FullCache,
	request: ReshardRequest,
	field: ReshardProblem["field"],
): ReshardProblem | null {
	const refuse = (message: string) => ({ field, message, code: "invalid_argument" as const });
	if (row.engine === "memcached") {
		return refuse(`${field} doesn't apply to Memcached, which has no shards. Set nodes instead`);
	}
	if (row.clusterMode !== "enabled") {
		return refuse(
			`${field} can't be changed: cache ${row.name} has cluster mode disabled and therefore one shard. In the same request, set clusterMode to enabled`,
		);
	}
	if ("slots" in request) {
		const problem = slotsProblem(request.slots, row.shardCount);
		if (problem !== null) return refuse(problem);
	}
	return null;
}

function whyBusy(row: FullCache, field: ReshardProblem["field"]): ReshardProblem[] {
	const message = busyWith(row);
	return message === null ? [] : [{ field, message, code: "conflict" }];
}

/** What keeps a cache from another change of its shape, in a sentence; null for nothing. */
function busyWith(row: FullCache): string | null {
	if (row.availableAt === null) {
		return `Cache ${row.name} is ${row.status}; its shards can be changed once it is available.`;
	}
	if (row.resizedFrom !== null) {
		return `The nodes of cache ${row.name} are being changed. Wait until that is done, or cancel the change.`;
	}
	return describeOpenOperation(row) ?? describeMovesUnderWay(row);
}

/** The change of shards or slots that is under way, and what to do about it; null for none. */
export function describeOpenOperation(row: FullCache): string | null {
	const operation = toOperationModel(row.operations[0]);
	if (modeChangeOf(row) !== null) {
		return `Cache ${row.name} is changing to cluster mode. Wait until that is done.`;
	}
	if (operation === null) return null;
	if (operation.cancelAsked) {
		return `A change to cache ${row.name} (${operation.kind}) is being canceled. Wait until that is done.`;
	}
	return `Cache ${row.name} is being changed (${operation.kind}). Wait until that is done, or cancel it.`;
}

function foreignHosts(
	{ fleet }: Resources,
	row: FullCache,
	field: ReshardProblem["field"],
): ReshardProblem[] {
	const hosts = new Map(
		row.shards.flatMap(({ nodes }) => nodes.map(({ host }) => [host.id, host])),
	);
	const old = [...hosts.values()].filter(
		({ id }) => (fleet.protocols.of(id) ?? SLOT_MOVES_SINCE) < SLOT_MOVES_SINCE,
	);
	if (old.length === 0) return [];
	const names = old.map(({ name }) => name).join(", ");
	const message = `The agents on ${names} are too old to move slots. Upgrade them first.`;
	return [{ field, message, code: "conflict" }];
}

/** Shards that would get more data than their nodes can hold, judged by what the shards hold now. */
function tooFull(
	{ fleet }: Resources,
	row: FullCache,
	{ before, after }: OperationInput,
	field: ReshardProblem["field"],
): ReshardProblem[] {
	const shards = row.shards.map((shard) => {
		const primary = shard.nodes.find(({ id }) => id === shard.primaryNodeId);
		const usedBytes = primary === undefined ? 0 : (fleet.metrics(primary.id)?.memoryUsedBytes ?? 0);
		return {
			...{ id: shard.id, index: shard.index, usedBytes },
			maxBytes: Number(primary?.maxmemoryBytes ?? 0),
			slots: readSlots(before[shard.id] ?? ""),
		};
	});
	return shards.flatMap(({ id, index, maxBytes }) => {
		const goal = readSlots(after[id] ?? "");
		const bytes = shards.reduce((sum, from) => {
			const count = countSlots(from.slots);
			const share = countSlots(from.slots) - countSlots(withoutSlots(from.slots, goal));
			return count === 0 ? sum : sum + (from.usedBytes * share) / count;
		}, 0);
		const grows = withoutSlots(goal, readSlots(before[id] ?? "")).length > 0;
		if (!grows || bytes <= maxBytes) return [];
		const message = `Shard ${shardName(index)} would hold about ${mebibytes(bytes)}, but its nodes have only ${mebibytes(maxBytes)} for data. Keep more shards, or use a larger node type.`;
		return [{ field, message, code: "conflict" as const }];
	});
}

function mebibytes(bytes: number): string {
	return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

/**
 * Starts the change; the reconciler carries it out (domain/operation). Asking for the former number of shards cancels a
 * change of it. Throws `conflict` while another is under way, and `invalid_argument` for shards or slots that the cache
 * can't have.
 */
export async function reshard(
	resources: Resources,
	caller: Requester,
	tx: Transaction,
	row: FullCache,
	request: ReshardRequest,
): Promise<void> {
	const open = toOperationModel(row.operations[0]);
	if (open !== null && "shards" in request) {
		if (request.shards === row.shardCount) return;
		if (request.shards === open.input.shardsBefore) return askToCancel(resources, caller, tx, row);
	}
	const plan = planReshard(resources, row, request);
	if (plan === null) return;
	throwFirst(plan.problems);
	await start(resources, caller, tx, row, plan);
}

async function start(
	{ clock }: Resources,
	caller: Requester,
	tx: Transaction,
	row: FullCache,
	{ kind, input, newShards, slotCount }: ReshardPlan,
): Promise<void> {
	const now = clock.now();
	const cursor: OperationCursor = {
		...{ phase: "add", movingSince: null, toMove: slotCount, round: 0, held: false },
		percent: 0,
	};
	await tx.shard.createMany({
		data: newShards.map((shard) => ({ ...shard, cacheId: row.id, slots: "" })),
	});
	const shardCount = row.shardCount + newShards.length - input.removed.length;
	const what =
		shardCount === row.shardCount
			? "is moving slots between its shards"
			: `is changing from ${row.shardCount} to ${shardCount} shards`;
	await tx.cache.update({
		where: { id: row.id },
		data: {
			shardCount,
			...modifyingStatus(row, `The cache ${what}.`),
			progress: [
				...progressColumn
					.parse(row.progress)
					.filter(({ node, state }) => node !== null && state !== "done"),
				...operationSteps(input, false),
			],
			// A pass that read the cache before this must not write its own steps over these.
			generation: { increment: 1 },
		},
	});
	try {
		await tx.operation.create({
			data: {
				...{ id: randomUUID(), cacheId: row.id, kind, input, cursor },
				...{ state: "running", startedAt: now, updatedAt: now },
			},
		});
	} catch (error) {
		if (!isUniqueViolation(error)) throw error;
		throw new AppError("conflict", `Cache ${row.name} is already being changed.`);
	}
	await recordEvent(tx, clock, {
		severity: "info",
		type: "cache.modifying",
		message: `Cache ${row.name} ${what}, as ${caller.name} requested: ${slotCount.toLocaleString("en-US")} ${slotCount === 1 ? "slot" : "slots"} will move.`,
		cacheName: row.name,
	});
}
