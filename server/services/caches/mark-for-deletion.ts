import type { CacheRow, Transaction } from "../../data/database.ts";
import { recordEvent } from "../../data/record-event.ts";
import { deletionSteps } from "../../domain/cache/progress.ts";
import type { Resources } from "../context.ts";

/** From here on the reconciler removes the cache. Returns what has changed; `cause` follows "requested" in the event. */
export async function markForDeletion(
	resources: Resources,
	tx: Transaction,
	{ id, name }: Pick<CacheRow, "id" | "name">,
	cause: string,
) {
	const change = {
		...{ status: "deleting", statusReason: null, progress: deletionSteps() },
		deletingAt: resources.clock.now(),
	};
	await tx.cache.update({ where: { id }, data: { ...change, generation: { increment: 1 } } });
	await recordEvent(tx, resources.clock, {
		...{ severity: "info", type: "cache.deleting", cacheName: name },
		message: `Deletion of cache ${name} requested ${cause}.`,
	});
	return change;
}
