import { AppError, type Cache } from "../../contract/index.ts";
import { toCacheModel } from "../../data/cache-mapping.ts";
import { toCacheView } from "../../data/cache-view.ts";
import { type NodeModel, primaryOf } from "../../domain/cache/model.ts";
import { holdsData, holdsKeptData, isDead } from "../../domain/cache/node-health.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findCache } from "./find-cache.ts";

/** Requests that the best replica replace a primary that is known to be dead; needed while automatic failover is off. */
export async function promoteReplica(
	resources: Resources,
	caller: Caller,
	input: { name: string },
): Promise<Cache> {
	return mutate(resources, caller, {
		action: "cache.promote",
		target: input.name,
		input,
		run: async (tx, after) => {
			const row = await findCache(tx, input.name);
			const model = toCacheModel(row, resources);
			const orphaned = model.shards.filter((shard) => {
				const primary = primaryOf(shard);
				return primary !== undefined && isDead(primary);
			});
			if (orphaned.length === 0) {
				throw new AppError(
					"conflict",
					`The primary of ${row.name} isn't known to be dead, so no replica can be promoted.`,
				);
			}
			const mayLead = (node: NodeModel) => holdsData(node) || holdsKeptData(node);
			if (!orphaned.some((shard) => shard.nodes.some(mayLead))) {
				throw new AppError(
					"conflict",
					`No replica of ${row.name} can take over: none of those that answer has synced since it started. Wait until the primary or a replica with the data is back.`,
				);
			}
			const change = { promotionRequestedAt: resources.clock.now() };
			await tx.cache.update({ where: { id: row.id }, data: change });
			after(() => resources.wakeCache(row.id));
			return toCacheView({ ...row, ...change }, resources);
		},
	});
}
