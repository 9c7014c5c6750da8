import { AppError, type Cache } from "../../contract/index.ts";
import { allNodeRows } from "../../data/cache-mapping.ts";
import { toCacheView } from "../../data/cache-view.ts";
import { recordEvent } from "../../data/record-event.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findCache } from "./find-cache.ts";

/**
 * Asks for reboots; the reconciler carries them out, one node of a shard at a time. `conflict` before the cache is
 * first available and while it is being deleted, `invalid_argument` for a node that it hasn't got.
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
					`Cache ${row.name} has no node ${unknown.join(", ")}; its nodes are ${rows.map((node) => node.name).join(", ")}`,
					{ field: "nodes" },
				);
			}
			const chosen = rows.filter((node) => input.nodes?.includes(node.name) ?? true);
			await tx.node.updateMany({
				where: { id: { in: chosen.map((node) => node.id) } },
				data: { rebootPending: true },
			});
			await recordEvent(tx, resources.clock, {
				severity: "info",
				type: "cache.rebooting",
				message: `Reboot of ${chosen.map((node) => node.name).join(", ")} requested by ${caller.name}.`,
				cacheName: row.name,
			});
			after(() => resources.wakeCache(row.id));
			return toCacheView(await findCache(tx, input.name), resources);
		},
	});
}
