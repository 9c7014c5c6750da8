import { AppError, type Cache } from "../../contract/index.ts";
import { allNodeRows, progressColumn } from "../../data/cache-mapping.ts";
import { toCacheView } from "../../data/cache-view.ts";
import { recordEvent } from "../../data/record-event.ts";
import { lockCaches } from "../../data/row-locks.ts";
import { nodeNames } from "../../domain/cache/node-label.ts";
import { rebootSteps } from "../../domain/cache/reboot-progress.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findCache } from "./find-cache.ts";

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
			const leads = (id: string) => row.shards.some(({ primaryNodeId }) => primaryNodeId === id);
			const chosen = rows
				.filter((node) => input.nodes?.includes(node.name) ?? true)
				.sort((a, b) => Number(leads(a.id)) - Number(leads(b.id)));
			const names = [...new Set(chosen.map(({ name }) => name))];
			await lockCaches(tx, [row.id]);
			await tx.node.updateMany({
				where: { id: { in: chosen.map((node) => node.id) } },
				data: { rebootPending: true },
			});
			await tx.cache.update({
				where: { id: row.id },
				data: {
					status: row.status === "available" ? "rebooting" : row.status,
					progress: rebootSteps(progressColumn.parse(row.progress), names),
					// A pass that has read the cache before doesn't write its own steps over these.
					generation: { increment: 1 },
				},
			});
			await recordEvent(tx, resources.clock, {
				severity: "info",
				type: "cache.rebooting",
				message: `Reboot of ${nodeNames(chosen)} requested by ${caller.name}.`,
				cacheName: row.name,
			});
			after(() => resources.wakeCache(row.id));
			return toCacheView(await findCache(tx, input.name), resources);
		},
	});
}
