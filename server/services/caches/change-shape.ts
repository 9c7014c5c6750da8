import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { changeRefusals, type PresentShape, type ShapeChange } from "../../contract/cache-shape.ts";
import { clusterModeSchema, engineSchema } from "../../contract/enums.ts";
import type { ModifyCacheInput, ProgressStep } from "../../contract/index.ts";
import {
	allNodeRows,
	type CacheKind,
	type CacheSize,
	type FormerShape,
	type FullCache,
	type FullNode,
	formerShapeColumn,
	progressColumn,
	zonesColumn,
} from "../../data/cache-mapping.ts";
import { Prisma, type Transaction } from "../../data/database.ts";
import { recordEvent } from "../../data/record-event.ts";
import { engineTitle } from "../../domain/cache/node-kind.ts";
import { kindSteps, sizeSteps } from "../../domain/cache/size-progress.ts";
import { bumpHosts, wakeHosts } from "../bump-hosts.ts";
import type { Requester, Resources } from "../context.ts";
import { isSameKind, presentKind, resolveKind, runs } from "./change-kind.ts";
import { keptModeProblems } from "./change-mode.ts";
import { type ChangeProblem, throwFirst } from "./change-problem.ts";
import { describeDifference } from "./describe-shape.ts";
import { modifyingStatus } from "./modifying-status.ts";
import { describeMovesUnderWay } from "./moves-under-way.ts";
import { describeOpenOperation } from "./reshard-cache.ts";
import { presentSize, replicasOf, resolveSize } from "./resolve-size.ts";

/**
 * The fields of a change that concern the cache's nodes. If shards have numbers of their own, the rules apply to the
 * lowest number of replicas.
 */
function shapeOf(input: ModifyCacheInput, row: FullCache, size: CacheSize): ShapeChange {
	const { zones, multiAz, automaticFailover } = input;
	const isResized = sizeFields(input).some((value) => value !== undefined);
	const isMemcached = row.nodeCount !== null;
	return {
		nodes: isResized && isMemcached ? (size.nodes ?? undefined) : input.nodes,
		replicasPerShard:
			isResized && !isMemcached ? fewestReplicas(row, size) : input.replicasPerShard,
		...{ zones, multiAz, automaticFailover },
	};
}

function sizeFields({ replicasPerShard, shardReplicas, removeNodes, nodes }: ModifyCacheInput) {
	return [replicasPerShard, shardReplicas, removeNodes, nodes];
}

function fewestReplicas(row: FullCache, size: CacheSize): number {
	return Math.min(...row.shards.map((shard) => replicasOf(size, shard)));
}

/**
 * The cache after a change, and why the change is refused now, the main reason first. `dataShare` is how much of its data
 * a shard will still have then.
 */
export async function resolveShape(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	input: ModifyCacheInput,
	dataShare = 1,
): Promise<ShapeAfter> {
	const resize = resolveSize(row, input);
	const change = shapeOf(input, row, resize.size);
	const former = formerShapeColumn.nullable().parse(row.resizedFrom);
	const presentZones = zonesColumn.parse(row.zones);
	const before = { ...presentSize(row), kind: presentKind(row), zones: presentZones };
	const kindChange = await resolveKind(resources, tx, row, input, {
		former: former?.kind ?? null,
		dataShare,
	});
	const zones = change.zones === undefined ? presentZones : change.zones;
	const after = {
		...resize.size,
		kind: kindChange.kind,
		zones: zones === null ? null : [...zones],
	};
	const problems: ChangeProblem[] = keptModeProblems(row, input);
	const [field] = Object.entries({ ...change, ...kindFields(input) })
		.filter(([, value]) => value !== undefined)
		.map(([name]) => name);
	if (field !== undefined) {
		const busy = whyBusy(row, { change, former, before, after });
		if (busy !== null) problems.push({ field, message: busy, code: "conflict" });
		problems.push(...resize.problems);
		for (const { field: refused, message } of changeRefusals(presentShape(row), change)) {
			problems.push({ code: "invalid_argument", field: fieldAtFault(refused, input), message });
		}
	}
	problems.push(...kindChange.problems, ...(await zoneProblems(tx, change.zones)));
	const { leaving } = resize;
	const { isUpgrade } = kindChange;
	const isBack = former?.canceling !== true && isFormer(former, before, after);
	return { change, before, after, leaving, isUpgrade, isBack, problems };
}

export interface ShapeAfter {
	change: ShapeChange;
	before: FormerShape;
	after: FormerShape & { kind: CacheKind; zones: string[] | null };
	/** Nodes that a person named as the ones to leave. */
	leaving: readonly FullNode[];
	isUpgrade: boolean;
	/** It takes back the change that is under way. */
	isBack: boolean;
	problems: ChangeProblem[];
}

async function zoneProblems(
	tx: Transaction,
	zones: ShapeChange["zones"],
): Promise<ChangeProblem[]> {
	if (zones == null) return [];
	const hosts = await tx.host.findMany({ where: { zone: { in: [...zones] } } });
	const empty = zones.find((zone) => hosts.every((host) => host.zone !== zone));
	if (empty === undefined) return [];
	const message = `There is no host in zone ${empty}`;
	return [{ code: "invalid_argument", field: "zones", message }];
}

/** The field that the request has, where a rule names the number that follows from it. */
function fieldAtFault(field: string, input: ModifyCacheInput): string {
	const isDerived =
		(field === "replicasPerShard" || field === "nodes") && input[field] === undefined;
	if (!isDerived) return field;
	return input.shardReplicas === undefined ? "removeNodes" : "shardReplicas";
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
		return `Cache ${row.name} is ${row.status}; it can be changed once it is available.`;
	}
	const open = describeOpenOperation(row) ?? describeMovesUnderWay(row);
	if (open !== null && changes(row, change, before, after)) return open;
	if (former === null || isFormer(former, before, after) || !changes(row, change, before, after))
		return null;
	const [from, to] = describeDifference(
		row,
		{ ...former, kind: former.kind ?? before.kind },
		before,
	);
	return `Cache ${row.name} is being changed from ${from} to ${to}. Wait until that is done, or cancel it by requesting ${from} again.`;
}

/** Whether a change leads back to where the one under way began. */
function isFormer(former: FormerShape | null, before: FormerShape, after: FormerShape): boolean {
	return former !== null && isSame(after, { ...former, kind: former.kind ?? before.kind });
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
		replicasPerShard: fewestReplicas(row, presentSize(row)),
		nodes: row.nodeCount,
		zones: zonesColumn.parse(row.zones),
		multiAz: row.multiAz,
		automaticFailover: row.automaticFailover,
	};
}

/**
 * Stores the wanted shape; the reconciler adds, removes and changes the nodes. Throws `conflict` while another
 * change is under way, unless this one takes it back, and `invalid_argument` for a shape that isn't allowed. Returns
 * whether the caller must bump the cache's route: Sentinels watch a cache while its automatic failover is on.
 */
export async function changeShape(
	resources: Resources,
	caller: Requester,
	tx: Transaction,
	row: FullCache,
	input: ModifyCacheInput,
	after: (commit: () => void) => void,
): Promise<boolean> {
	const shape = await resolveShape(resources, tx, row, input);
	const { change, before } = shape;
	throwFirst([...shape.problems, ...irreversibility(shape, input)]);
	const multiAz = change.multiAz ?? row.multiAz;
	const automaticFailover = change.automaticFailover ?? row.automaticFailover;
	const isSwitched = multiAz !== row.multiAz || automaticFailover !== row.automaticFailover;
	if (isSwitched) {
		await tx.cache.update({ where: { id: row.id }, data: { multiAz, automaticFailover } });
	}
	if (isSame(before, shape.after)) return isSwitched;
	const { kind, zones, ...size } = shape.after;
	const [from, to] = describeDifference(row, before, shape.after);
	await tx.cache.update({
		where: { id: row.id },
		data: {
			...{ replicasPerShard: size.replicasPerShard, nodeCount: size.nodes },
			zones: zones ?? Prisma.DbNull,
			...{ engine: kind.engine, engineVersion: kind.engineVersion },
			...{ parameterGroup: kind.parameterGroup, nodeType: kind.nodeType },
			...{ nodeMemoryBytes: BigInt(kind.memoryBytes), nodeVcpus: kind.vcpus },
			nodeCpuMillis: kind.cpuMillis,
			resizedFrom: {
				...{ ...before, id: randomUUID(), startedAt: resources.clock.now().toISOString() },
				...(shape.isBack && { canceling: true }),
			},
			...modifyingStatus(row, `Changing from ${from} to ${to}.`),
			progress: [
				...progressColumn.parse(row.progress).filter(isUnfinishedReboot),
				...stepsOf(row, shape),
			],
			// A pass that read the cache before this must not write its own steps over these.
			generation: { increment: 1 },
		},
	});
	await storeSize(tx, row, shape);
	if (!isSameKind(before.kind ?? kind, kind)) {
		const hostIds = await pinVersion(resources, tx, row, kind);
		after(() => wakeHosts(resources, hostIds));
	}
	await recordEvent(tx, resources.clock, {
		severity: "info",
		type: "cache.modifying",
		message: `Cache ${row.name} is changing from ${from} to ${to}, as ${caller.name} requested.`,
		cacheName: row.name,
	});
	return isSwitched;
}

/** A request for a change that can't be undone must acknowledge that. */
export function irreversibility(
	{ isUpgrade, after: { kind } }: ShapeAfter,
	{ acceptIrreversible }: ModifyCacheInput,
): ChangeProblem[] {
	if (!isUpgrade || acceptIrreversible === true) return [];
	const title = engineTitle(kind.engine, kind.engineVersion);
	const message = `The change to ${title} can't be undone. To continue, set acceptIrreversible to true.`;
	return [{ code: "invalid_argument", field: "acceptIrreversible", message }];
}

/**
 * Stores what a change says about individual shards and nodes. Names left over from an earlier change no longer count.
 */
async function storeSize(
	tx: Transaction,
	row: FullCache,
	{ after, leaving }: ShapeAfter,
): Promise<void> {
	for (const shard of row.shards) {
		const replicas = after.shardReplicas?.[shard.id] ?? null;
		if (replicas === shard.replicas) continue;
		await tx.shard.update({ where: { id: shard.id }, data: { replicas } });
	}
	const named = leaving.map(({ id }) => id);
	const isStale = allNodeRows(row).some(({ leavesFirst }) => leavesFirst);
	if (isStale) {
		await tx.node.updateMany({ where: { cacheId: row.id }, data: { leavesFirst: false } });
	}
	if (named.length > 0) {
		await tx.node.updateMany({ where: { id: { in: named } }, data: { leavesFirst: true } });
	}
}

/** Nodes whose processes already fit the new version get it without a restart. Returns the hosts to wake. */
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

function stepsOf(row: FullCache, { before, after }: ShapeAfter): ProgressStep[] {
	const { kind } = after;
	const former = before.kind ?? kind;
	const pairs = row.shards.map((shard) => [countOf(before, shard), countOf(after, shard)] as const);
	return [
		...(pairs.some(([from, to]) => to > from) ? sizeSteps(kind.engine, "up") : []),
		...(pairs.some(([from, to]) => to < from) ? sizeSteps(kind.engine, "down") : []),
		...kindSteps({
			size: kind.nodeType !== former.nodeType,
			engine: kind.engine !== former.engine || kind.engineVersion !== former.engineVersion,
			zones: !isDeepStrictEqual(before.zones, after.zones),
		}),
	];
}

function isUnfinishedReboot({ node, state }: { node: string | null; state: string }): boolean {
	return node !== null && state !== "done";
}

function isSame(a: FormerShape, b: FormerShape): boolean {
	const isSameSize =
		a.replicasPerShard === b.replicasPerShard &&
		a.nodes === b.nodes &&
		isDeepStrictEqual(a.shardReplicas ?? {}, b.shardReplicas ?? {});
	const isSameZones =
		a.zones === undefined || b.zones === undefined || isDeepStrictEqual(a.zones, b.zones);
	return (
		isSameSize &&
		isSameZones &&
		(a.kind === undefined || b.kind === undefined || isSameKind(a.kind, b.kind))
	);
}

function countOf(size: CacheSize, shard: { id: string }): number {
	return size.nodes ?? replicasOf(size, shard);
}
