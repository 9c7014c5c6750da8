import type { ModifyCacheInput } from "../../contract/index.ts";
import { allNodeRows, type FullCache } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { findNodeType } from "../../data/node-types.ts";
import type { Resources } from "../context.ts";
import { nodeColumns } from "../node-columns.ts";
import { withKind } from "./change-kind.ts";
import { entersClusterMode, modeProblems, withClusterMode } from "./change-mode.ts";
import type { ChangeProblem } from "./change-problem.ts";
import { irreversibility, resolveShape } from "./change-shape.ts";
import { resolveMoves } from "./move-nodes.ts";
import type { ChangePart, NodeChanges, PartOrder } from "./parts-of-change.ts";
import { planReshard } from "./reshard-cache.ts";
import { presentSize, replicasOf, resolveSize, withSize } from "./resolve-size.ts";

/** The order in which the parts of a change are carried out. */
export async function orderOf(
	tx: Transaction,
	row: FullCache,
	changes: NodeChanges,
): Promise<PartOrder> {
	if (entersClusterMode(row, changes)) return "mode-first";
	const { shards = row.shardCount, nodeType } = changes;
	if (shards < row.shardCount && addsReplicas(row, changes)) return "size-last";
	if (shards <= row.shardCount || nodeType === undefined) return "nodes-first";
	const type = await findNodeType(tx, nodeType);
	const isSmaller = type !== null && type.memoryBytes < Number(row.nodeMemoryBytes);
	return isSmaller ? "shards-first" : "nodes-first";
}

function addsReplicas(row: FullCache, changes: NodeChanges): boolean {
	const before = presentSize(row);
	const { size } = resolveSize(row, changes);
	return row.shards.some((shard) => replicasOf(size, shard) > replicasOf(before, shard));
}

/** Why each part couldn't be carried out after those before it, as far as it can be known now: the main reason first. */
export async function problemsOfParts(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	parts: readonly ChangePart[],
): Promise<ChangeProblem[][]> {
	const problems: ChangeProblem[][] = [];
	const before: NodeChanges = {};
	for (const part of parts) {
		problems.push(await problemsOf(resources, tx, row, before, part));
		Object.assign(before, part.changes);
	}
	return problems;
}

async function problemsOf(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	before: NodeChanges,
	{ kind, changes }: ChangePart,
): Promise<ChangeProblem[]> {
	const { name } = row;
	switch (kind) {
		case "shape": {
			const input = { ...changes, name };
			const present = withoutLeavers(row, before);
			const shape = await resolveShape(resources, tx, present, input, shareAfter(row, before));
			return [...shape.problems, ...irreversibility(shape, input)];
		}
		case "mode": {
			const changed = await withShape(resources, tx, row, { ...before, name });
			return await modeProblems(resources, tx, changed, changes);
		}
		case "shards": {
			const { shards, weightBy } = changes;
			if (shards === undefined) return [];
			const changed = await withShape(resources, tx, row, { ...before, name });
			return planReshard(resources, changed, { shards, weightBy })?.problems ?? [];
		}
		case "moves":
			return (await resolveMoves(resources, tx, row, changes.moves)).problems;
	}
}

/** The cache's rows without the shards that leave by the change. */
export function withoutLeavers(row: FullCache, { shards }: NodeChanges): FullCache {
	return { ...row, shards: row.shards.slice(0, shards) };
}

/** How much of its data a shard keeps once there are as many shards as the change says. */
export function shareAfter({ shardCount }: FullCache, { shards }: NodeChanges): number {
	return Math.min(1, shardCount / (shards ?? shardCount));
}

/** The cache's rows as they will be once its nodes have the shape that the change asks for. */
export async function withShape(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	input: ModifyCacheInput,
): Promise<FullCache> {
	const isMode = entersClusterMode(row, input);
	const present = isMode ? withClusterMode(row) : row;
	const shape = isMode ? { ...input, parameterGroup: undefined } : input;
	const { kind, zones, ...size } = (await resolveShape(resources, tx, row, shape)).after;
	const changed = { ...withSize(withKind(present, kind), size), zones };
	const { maxmemoryBytes } = await nodeColumns(tx, changed);
	const isOther = allNodeRows(row).some(({ nodeType }) => nodeType !== kind.nodeType);
	if (!isOther) return changed;
	return {
		...changed,
		shards: changed.shards.map((shard) => ({
			...shard,
			nodes: shard.nodes.map((node) => ({ ...node, maxmemoryBytes })),
		})),
	};
}
