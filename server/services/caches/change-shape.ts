import {
	changeRefusals,
	type PresentShape,
	type Refusal,
	type ShapeChange,
} from "../../contract/cache-shape.ts";
import { clusterModeSchema, engineSchema } from "../../contract/enums.ts";
import { AppError, type ErrorCode } from "../../contract/errors.ts";
import type { ModifyCacheInput } from "../../contract/index.ts";
import {
	type CacheSize,
	type FullCache,
	progressColumn,
	sizeColumn,
	zonesColumn,
} from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { recordEvent } from "../../data/record-event.ts";
import { sizeSteps } from "../../domain/cache/size-progress.ts";
import { bumpRoutes, wakeGateways } from "../bump-hosts.ts";
import type { Caller, Resources } from "../context.ts";
import { describeOpenOperation } from "./reshard-cache.ts";

/** The fields of a change that concern the cache's nodes. */
export function shapeOf(input: ModifyCacheInput): ShapeChange {
	const { replicasPerShard, nodes, multiAz, automaticFailover } = input;
	return { replicasPerShard, nodes, multiAz, automaticFailover };
}

export function sizeAfter(row: FullCache, change: ShapeChange): CacheSize {
	return {
		replicasPerShard: change.replicasPerShard ?? row.replicasPerShard,
		nodes: row.nodeCount === null ? null : (change.nodes ?? row.nodeCount),
	};
}

function presentSize(row: FullCache): CacheSize {
	return { replicasPerShard: row.replicasPerShard, nodes: row.nodeCount };
}

/** Why the change can't be taken now, the first reason first. */
export function shapeProblems(
	row: FullCache,
	change: ShapeChange,
): (Refusal & { code: ErrorCode })[] {
	const asked = Object.entries(change).filter(([, value]) => value !== undefined);
	const [field] = asked.map(([name]) => name as Refusal["field"]);
	if (field === undefined) return [];
	const busy = whyBusy(row, change);
	const refused = changeRefusals(presentShape(row), change);
	return [
		...(busy === null ? [] : [{ field, message: busy, code: "conflict" as const }]),
		...refused.map((refusal) => ({ ...refusal, code: "invalid_argument" as const })),
	];
}

/** A change of size that is under way can only be taken back; null if nothing is in the way. */
function whyBusy(row: FullCache, change: ShapeChange): string | null {
	if (row.availableAt === null) {
		return `Cache ${row.name} is ${row.status}; its shape can be changed once it is available.`;
	}
	const open = describeOpenOperation(row);
	if (open !== null && changes(row, change)) return open;
	const before = sizeColumn.nullable().parse(row.resizedFrom);
	if (before === null || isSame(sizeAfter(row, change), before) || !changes(row, change))
		return null;
	return `Cache ${row.name} is being changed from ${describeSize(before)} to ${describeSize(presentSize(row))}. Wait until that is done, or cancel it: ask for ${describeSize(before)} again.`;
}

function changes(row: FullCache, change: ShapeChange): boolean {
	return (
		!isSame(sizeAfter(row, change), presentSize(row)) ||
		(change.multiAz ?? row.multiAz) !== row.multiAz ||
		(change.automaticFailover ?? row.automaticFailover) !== row.automaticFailover
	);
}

function presentShape(row: FullCache): PresentShape {
	return {
		engine: engineSchema.parse(row.engine),
		clusterMode: clusterModeSchema.parse(row.clusterMode),
		replicasPerShard: row.replicasPerShard,
		nodes: row.nodeCount,
		zones: zonesColumn.parse(row.zones),
		multiAz: row.multiAz,
		automaticFailover: row.automaticFailover,
	};
}

/**
 * Stores the wanted shape; the reconciler adds and removes the nodes. Throws `conflict` while another change
 * of size is under way, unless this one takes it back, and `invalid_argument` for a shape that isn't allowed.
 */
export async function changeShape(
	resources: Resources,
	caller: Caller,
	tx: Transaction,
	row: FullCache,
	change: ShapeChange,
	after: (commit: () => void) => void,
): Promise<void> {
	const [problem] = shapeProblems(row, change);
	if (problem !== undefined) {
		throw new AppError(problem.code, problem.message, { field: problem.field });
	}
	const multiAz = change.multiAz ?? row.multiAz;
	const automaticFailover = change.automaticFailover ?? row.automaticFailover;
	if (multiAz !== row.multiAz || automaticFailover !== row.automaticFailover) {
		await tx.cache.update({ where: { id: row.id }, data: { multiAz, automaticFailover } });
		// Sentinels watch a cache while its automatic failover is on.
		await bumpRoutes(tx, [row.id]);
		after(() => wakeGateways(resources));
	}
	const [before, size] = [presentSize(row), sizeAfter(row, change)];
	if (isSame(before, size)) return;
	const isGrowing = countOf(size) > countOf(before);
	await tx.cache.update({
		where: { id: row.id },
		data: {
			replicasPerShard: size.replicasPerShard,
			nodeCount: size.nodes,
			resizedFrom: before,
			status: row.status === "available" ? "modifying" : row.status,
			progress: [
				...progressColumn.parse(row.progress).filter(isUnfinishedReboot),
				...sizeSteps(engineSchema.parse(row.engine), isGrowing ? "up" : "down"),
			],
			// A pass that has read the cache before doesn't write its own steps over these.
			generation: { increment: 1 },
		},
	});
	await recordEvent(tx, resources.clock, {
		severity: "info",
		type: "cache.modifying",
		message: `Cache ${row.name} changes from ${describeSize(before)} to ${describeSize(size)}, as ${caller.name} requested.`,
		cacheName: row.name,
	});
}

function isUnfinishedReboot({ node, state }: { node: string | null; state: string }): boolean {
	return node !== null && state !== "done";
}

function isSame(a: CacheSize, b: CacheSize): boolean {
	return a.replicasPerShard === b.replicasPerShard && a.nodes === b.nodes;
}

function countOf({ nodes, replicasPerShard }: CacheSize): number {
	return nodes ?? replicasPerShard;
}

function describeSize(size: CacheSize): string {
	const count = countOf(size);
	const [thing, where] = size.nodes === null ? ["replica", " per shard"] : ["node", ""];
	return `${count} ${thing}${count === 1 ? "" : "s"}${where}`;
}
