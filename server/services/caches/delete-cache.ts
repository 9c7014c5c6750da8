import { AppError, type Cache } from "../../contract/index.ts";
import { toCacheView } from "../../data/cache-view.ts";
import { recordEvent } from "../../data/record-event.ts";
import { deletionSteps } from "../../domain/cache/progress.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findCache } from "./find-cache.ts";

/**
 * Marks the cache for deletion; it is gone once every host that isn't lost has confirmed. Deleting it twice is not an
 * error; throws `conflict` while deletion protection is on.
 */
export async function deleteCache(
	resources: Resources,
	caller: Caller,
	input: { name: string },
): Promise<Cache> {
	return mutate(resources, caller, {
		action: "cache.delete",
		target: input.name,
		input,
		run: async (tx, after) => {
			const row = await findCache(tx, input.name);
			after(() => resources.wakeCache(row.id));
			if (row.deletingAt !== null) return toCacheView(row, resources);
			if (row.deletionProtection) {
				throw new AppError(
					"conflict",
					`Cache ${row.name} has deletion protection on. Turn it off first.`,
					{ field: "deletionProtection" },
				);
			}
			const change = {
				status: "deleting",
				statusReason: null,
				progress: deletionSteps(),
				deletingAt: resources.clock.now(),
			};
			await tx.cache.update({
				where: { id: row.id },
				data: { ...change, generation: { increment: 1 } },
			});
			await recordEvent(tx, resources.clock, {
				severity: "info",
				type: "cache.deleting",
				message: `Deletion of cache ${row.name} requested by ${caller.name}.`,
				cacheName: row.name,
			});
			return toCacheView({ ...row, ...change }, resources);
		},
	});
}
