import { AppError, type Cache } from "../../contract/index.ts";
import { allNodeRows } from "../../data/cache-mapping.ts";
import { toCacheView } from "../../data/cache-view.ts";
import { nodeNames } from "../../domain/cache/node-label.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findCache, refuseDuringMigration } from "./find-cache.ts";
import { orderReboots } from "./order-reboots.ts";

/**
 * Requests reboots; the reconciler carries them out, one node per shard at a time. Throws `conflict` before
 * the cache is first available and while it is being deleted, `invalid_argument` for a node that it doesn't
 * have.
 */
export async function rebootCache(
	resources: Resources,
	caller: Caller,
	input: { name: string; nodes?: string[] | undefined },
): Promise<Cache> {
	return mutate(resources, caller, {
		action: "cache.reboot",
		target: input.name,
		input,
		run: async (tx, after) => {
			const row = await findCache(tx, input.name);
			await refuseDuringMigration(tx, row);
			if (row.availableAt === null || row.deletingAt !== null) {
				throw new AppError(
					"conflict",
					`Cache ${row.name} is ${row.status}; its nodes can be rebooted once it is available.`,
				);
			}
			const rows = allNodeRows(row);
			const unknown = (input.nodes ?? []).filter(
				(name) => !rows.some((node) => node.name === name),
			);
			if (unknown.length > 0) {
				throw new AppError(
					"invalid_argument",
					`Cache ${row.name} has no node ${unknown.join(", ")}; its nodes are ${nodeNames(rows)}`,
					{ field: "nodes" },
				);
			}
			const chosen = rows.filter((node) => input.nodes?.includes(node.name) ?? true);
			await orderReboots(resources, caller, tx, row, chosen);
			after(() => resources.wakeCache(row.id));
			return toCacheView(await findCache(tx, input.name), resources);
		},
	});
}
