import { changeRefusals, type PresentShape, type ShapeChange } from "../../contract/cache-shape.ts";
import { clusterModeSchema, engineSchema } from "../../contract/enums.ts";
import { AppError } from "../../contract/errors.ts";
import type { ModifyCacheInput, ProgressStep } from "../../contract/index.ts";
import {
	allNodeRows,
	type CacheKind,
	type CacheSize,
	type FormerShape,
	type FullCache,
	formerShapeColumn,
	progressColumn,
	zonesColumn,
} from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { recordEvent } from "../../data/record-event.ts";
import { engineTitle } from "../../domain/cache/node-kind.ts";
import { kindSteps, sizeSteps } from "../../domain/cache/size-progress.ts";
import { bumpHosts, bumpRoutes, wakeGateways, wakeHosts } from "../bump-hosts.ts";
import type { Caller, Resources } from "../context.ts";
import { type ChangeProblem, isSameKind, presentKind, resolveKind, runs } from "./change-kind.ts";
import { describeOpenOperation } from "./reshard-cache.ts";

/** The fields of a change that concern the cache's nodes. */
function shapeOf(input: ModifyCacheInput): ShapeChange {
	const { replicasPerShard, nodes, multiAz, automaticFailover } = input;
	return { replicasPerShard, nodes, multiAz, automaticFailover };
}

function sizeAfter(row: FullCache, change: ShapeChange): CacheSize {
	return {
		replicasPerShard: change.replicasPerShard ?? row.replicasPerShard,
		nodes: row.nodeCount === null ? null : (change.nodes ?? row.nodeCount),
	};
}

function presentSize(row: FullCache): CacheSize {
	return { replicasPerShard: row.replicasPerShard, nodes: row.nodeCount };
}

/** What a change makes of the cache, and why it can't be taken now: the first reason first. */
export async function resolveShape(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	input: ModifyCacheInput,
): Promise<ShapeAfter> {
	const change = shapeOf(input);
	const former = formerShapeColumn.nullable().parse(row.resizedFrom);
	const before: FormerShape = { ...presentSize(row), kind: presentKind(row) };
	const kindChange = await resolveKind(resources, tx, row, input, former?.kind ?? null);
	const after = { ...sizeAfter(row, change), kind: kindChange.kind };
	const problems: ChangeProblem[] = [];
	const [field] = Object.entries({ ...change, ...kindFields(input) })
		.filter(([, value]) => value !== undefined)
		.map(([name]) => name);
	if (field !== undefined) {
		const busy = whyBusy(row, { change, former, before, after });
		if (busy !== null) problems.push({ field, message: busy, code: "conflict" });
		const refused = changeRefusals(presentShape(row), change);
		problems.push(...refused.map((each) => ({ ...each, code: "invalid_argument" as const })));
		problems.push(...kindChange.problems);
	}
	return { change, before, after, isUpgrade: kindChange.isUpgrade, problems };
}

export interface ShapeAfter {
	change: ShapeChange;
	before: FormerShape;
	after: FormerShape & { kind: CacheKind };
	isUpgrade: boolean;
	problems: ChangeProblem[];
}

function kindFields({ nodeType, engine, engineVersion }: ModifyCacheInput) {
	return { nodeType, engine, engineVersion };
}

/** A change that is under way can only be taken back; null if nothing is in the way. */
function whyBusy(
	row: FullCache,
	{
		change,
		former,
		before,
		after,
	}: { change: ShapeChange; former: FormerShape | null; before: FormerShape; after: FormerShape },
): string | null {
	if (row.availableAt === null) {
		return `Cache ${row.name} is ${row.status}; its shape can be changed once it is available.`;
	}
	const open = describeOpenOperation(row);
	if (open !== null && changes(row, change, before, after)) return open;
	const isBack = former !== null && isSame(after, { ...former, kind: former.kind ?? before.kind });
	if (former === null || isBack || !changes(row, change, before, after)) return null;
	const [from, to] = describe({ ...former, kind: former.kind ?? before.kind }, before);
	return `Cache ${row.name} is being changed from ${from} to ${to}. Wait until that is done, or cancel it: ask for ${from} again.`;
}

function changes(row: FullCache, change: ShapeChange, before: FormerShape, after: FormerShape) {
	return (
		!isSame(before, after) ||
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
 * Stores the wanted shape; the reconciler adds, removes and changes the nodes. Throws `conflict` while another
 * change is under way, unless this one takes it back, and `invalid_argument` for a shape that isn't allowed.
 */
export async function changeShape(
	resources: Resources,
	caller: Caller,
	tx: Transaction,
	row: FullCache,
	input: ModifyCacheInput,
	after: (commit: () => void) => void,
): Promise<void> {
	const shape = await resolveShape(resources, tx, row, input);
	const { change, before, isUpgrade } = shape;
	const [problem] = shape.problems;
	if (problem !== undefined) {
		throw new AppError(problem.code, problem.message, { field: problem.field });
	}
	if (isUpgrade && input.acceptIrreversible !== true) {
		const title = engineTitle(shape.after.kind.engine, shape.after.kind.engineVersion);
		const message = `There is no way back from ${title} to an earlier engine. Send acceptIrreversible: true to go on.`;
		throw new AppError("invalid_argument", message, { field: "acceptIrreversible" });
	}
	const multiAz = change.multiAz ?? row.multiAz;
	const automaticFailover = change.automaticFailover ?? row.automaticFailover;
	if (multiAz !== row.multiAz || automaticFailover !== row.automaticFailover) {
		await tx.cache.update({ where: { id: row.id }, data: { multiAz, automaticFailover } });
		// Sentinels watch a cache while its automatic failover is on.
		await bumpRoutes(tx, [row.id]);
		after(() => wakeGateways(resources));
	}
	if (isSame(before, shape.after)) return;
	const { kind, ...size } = shape.after;
	await tx.cache.update({
		where: { id: row.id },
		data: {
			...{ replicasPerShard: size.replicasPerShard, nodeCount: size.nodes },
			...{ engine: kind.engine, engineVersion: kind.engineVersion },
			...{ parameterGroup: kind.parameterGroup, nodeType: kind.nodeType },
			...{ nodeMemoryBytes: BigInt(kind.memoryBytes), nodeVcpus: kind.vcpus },
			nodeCpuMillis: kind.cpuMillis,
			resizedFrom: before,
			status: row.status === "available" ? "modifying" : row.status,
			progress: [
				...progressColumn.parse(row.progress).filter(isUnfinishedReboot),
				...stepsOf(shape),
			],
			// A pass that has read the cache before doesn't write its own steps over these.
			generation: { increment: 1 },
		},
	});
	if (!isSameKind(before.kind ?? kind, kind)) {
		const hostIds = await pinVersion(resources, tx, row, kind);
		after(() => wakeHosts(resources, hostIds));
	}
	const [from, to] = describe(before, shape.after);
	await recordEvent(tx, resources.clock, {
		severity: "info",
		type: "cache.modifying",
		message: `Cache ${row.name} changes from ${from} to ${to}, as ${caller.name} requested.`,
		cacheName: row.name,
	});
}

/** Nodes whose processes fit the new version already need no change. */
async function pinVersion(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	kind: CacheKind,
): Promise<Set<string>> {
	const fitting = allNodeRows(row).filter(
		(node) => node.engineVersion !== kind.engineVersion && runs(resources, node, kind),
	);
	if (fitting.length === 0) return new Set();
	const hostIds = new Set(fitting.map(({ hostId }) => hostId));
	await bumpHosts(tx, hostIds);
	await tx.node.updateMany({
		where: { id: { in: fitting.map(({ id }) => id) } },
		data: { engineVersion: kind.engineVersion, generation: { increment: 1 } },
	});
	return hostIds;
}

function stepsOf({ before, after }: ShapeAfter): ProgressStep[] {
	const [from, to] = [countOf(before), countOf(after)];
	const { kind } = after;
	const former = before.kind ?? kind;
	return [
		...(from === to ? [] : sizeSteps(kind.engine, to > from ? "up" : "down")),
		...kindSteps({
			size: kind.nodeType !== former.nodeType,
			engine: kind.engine !== former.engine || kind.engineVersion !== former.engineVersion,
		}),
	];
}

function isUnfinishedReboot({ node, state }: { node: string | null; state: string }): boolean {
	return node !== null && state !== "done";
}

function isSame(a: FormerShape, b: FormerShape): boolean {
	const isSameSize = a.replicasPerShard === b.replicasPerShard && a.nodes === b.nodes;
	return isSameSize && (a.kind === undefined || b.kind === undefined || isSameKind(a.kind, b.kind));
}

function countOf({ nodes, replicasPerShard }: CacheSize): number {
	return nodes ?? replicasPerShard;
}

/** What differs between two shapes, in words: first as it is in one, then as in the other. */
function describe(a: FormerShape, b: FormerShape): [string, string] {
	const parts: [string, string][] = [];
	if (countOf(a) !== countOf(b)) parts.push([describeSize(a), describeSize(b)]);
	const [from, to] = [a.kind, b.kind];
	if (from !== undefined && to !== undefined) {
		if (from.nodeType !== to.nodeType) parts.push([from.nodeType, to.nodeType]);
		const titles = [from, to].map(({ engine, engineVersion }) =>
			engineTitle(engine, engineVersion),
		);
		if (titles[0] !== titles[1]) parts.push([titles[0] ?? "", titles[1] ?? ""]);
	}
	if (parts.length === 0) return [describeSize(a), describeSize(b)];
	return [parts.map(([left]) => left).join(" and "), parts.map(([, right]) => right).join(" and ")];
}

function describeSize(size: CacheSize): string {
	const count = countOf(size);
	const [thing, where] = size.nodes === null ? ["replica", " per shard"] : ["node", ""];
	return `${count} ${thing}${count === 1 ? "" : "s"}${where}`;
}
