import type { Cache, ModifyCacheInput } from "../../contract/index.ts";
import { type FormerShape, type FullCache, formerShapeColumn } from "../../data/cache-mapping.ts";
import { shardName, toCacheView } from "../../data/cache-view.ts";
import { readPending, writePending } from "../../data/pending-changes.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { askToCancel } from "./ask-to-cancel.ts";
import { cancelModeChange, isModeCancelable } from "./change-mode.ts";
import { changeShape } from "./change-shape.ts";
import { findCache, lockStayingCache } from "./find-cache.ts";
import { cancelMoves } from "./move-nodes.ts";
import { replicasOf } from "./resolve-size.ts";

/**
 * Takes back the change that is under way: slots that have moved move back with their keys, new shards and nodes go, nodes
 * get their former type, nodes that were to move stay, a cache that was to get cluster mode keeps its own, and later parts of
 * the change are dropped. What waits for the maintenance window stays.
 */
export async function cancelOperation(
	resources: Resources,
	caller: Caller,
	input: { name: string },
): Promise<Cache> {
	return mutate(resources, caller, {
		action: "cache.cancel-operation",
		target: input.name,
		input,
		run: async (tx, after) => {
			const row = await lockStayingCache(tx, input.name, { tellsHosts: true });
			const pending = readPending(row);
			if (pending.next !== null) await writePending(tx, row.id, { ...pending, next: null });
			const former = formerShapeColumn.nullable().parse(row.resizedFrom);
			const isOpen = row.operations.length > 0;
			if (isModeCancelable(row)) await cancelModeChange(resources, caller, tx, row);
			else if (former !== null && !isOpen) {
				// Repeating it must not bring back the change that was canceled.
				if (former.canceling !== true)
					await changeShape(resources, caller, tx, row, backTo(row, former), after);
			} else {
				const stays = await cancelMoves(resources, caller, tx, row);
				if (isOpen || !(stays || pending.next !== null))
					await askToCancel(resources, caller, tx, row);
			}
			after(() => resources.wakeCache(row.id));
			return toCacheView(await findCache(tx, input.name), resources);
		},
	});
}

/** The request that restores the former shape. */
function backTo(row: FullCache, { kind, zones, ...size }: FormerShape): ModifyCacheInput {
	const shape = {
		zones,
		...(size.nodes === null ? { replicasPerShard: size.replicasPerShard } : { nodes: size.nodes }),
		...(size.shardReplicas !== undefined && {
			shardReplicas: row.shards.map((shard) => ({
				...{ shard: shardName(shard.index), replicas: replicasOf(size, shard) },
			})),
		}),
	};
	if (kind === undefined) return { ...shape, name: row.name };
	const { engine, engineVersion, nodeType } = kind;
	return { ...shape, name: row.name, engine, engineVersion, nodeType };
}
