import { AppError } from "../../contract/errors.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import { writeInCharge } from "../../data/charge.ts";
import { recordEvent } from "../../data/record-event.ts";
import type { PendingWhen } from "../../domain/cache/model.ts";
import { startPending as start } from "../../services/caches/pending-changes.ts";
import type { Resources } from "../../services/context.ts";

/** Starts a change that has waited. Null once it has begun; the reason if it can't begin now: then it goes on waiting. */
export async function startPending(
	resources: Resources,
	{ name }: FullCache,
	when: PendingWhen,
): Promise<string | null> {
	const commits: (() => void)[] = [];
	try {
		await writeInCharge(resources, async (tx) => {
			const isStarted = await start(resources, tx, name, when, (commit) => commits.push(commit));
			if (!isStarted || when === "next") return;
			await recordEvent(tx, resources.clock, {
				severity: "info",
				type: "cache.window-opened",
				message: `The maintenance window of cache ${name} is open: the change that waited for it begins.`,
				cacheName: name,
			});
		});
	} catch (error) {
		if (error instanceof AppError) return error.message;
		throw error;
	}
	for (const commit of commits) commit();
	return null;
}
