import { AppError, type Cache, modifyCacheInputSchema } from "../../contract/index.ts";
import { toCacheView } from "../../data/cache-view.ts";
import type { Transaction } from "../../data/database.ts";
import { readPending, type WaitingChange, writePending } from "../../data/pending-changes.ts";
import { recordEvent } from "../../data/record-event.ts";
import type { PendingWhen } from "../../domain/cache/model.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { changeNodes } from "./change-nodes.ts";
import { findCache, findStayingCache, lockStayingCache } from "./find-cache.ts";

/**
 * Immediately starts what waits for the maintenance window. Throws what `changeNodes` throws; the change then keeps
 * waiting.
 */
export async function applyPendingChanges(
	resources: Resources,
	caller: Caller,
	input: { name: string },
): Promise<Cache> {
	return mutate(resources, caller, {
		action: "cache.apply-pending-changes",
		target: input.name,
		input,
		run: async (tx, after) => {
			const started = await startPending(resources, tx, input.name, "window", after);
			if (started === null) throw nothingPending(input.name);
			const row = await findCache(tx, input.name);
			after(() => resources.wakeCache(row.id));
			return toCacheView(row, resources);
		},
	});
}

/** Forgets what waits for the maintenance window. */
export async function dropPendingChanges(
	resources: Resources,
	caller: Caller,
	input: { name: string },
): Promise<Cache> {
	return mutate(resources, caller, {
		action: "cache.drop-pending-changes",
		target: input.name,
		input,
		run: async (tx, after) => {
			const row = await lockStayingCache(tx, input.name, { tellsHosts: false });
			const pending = readPending(row);
			if (pending.window === null) throw nothingPending(input.name);
			await writePending(tx, row.id, { ...pending, window: null });
			await recordEvent(tx, resources.clock, {
				severity: "info",
				type: "cache.change-dropped",
				message: `The change to cache ${row.name} that was waiting for its maintenance window was canceled by ${caller.name}.`,
				cacheName: row.name,
			});
			after(() => resources.wakeCache(row.id));
			return toCacheView(await findCache(tx, input.name), resources);
		},
	});
}

function nothingPending(name: string): AppError {
	return new AppError(
		"conflict",
		`No change to cache ${name} is waiting for its maintenance window.`,
	);
}

/** Turns what waits into a change that is under way, and returns what waited; null for nothing. */
export async function startPending(
	resources: Resources,
	tx: Transaction,
	name: string,
	when: PendingWhen,
	after: (commit: () => void) => void,
): Promise<WaitingChange | null> {
	const row = await lockStayingCache(tx, name, { tellsHosts: true });
	const pending = readPending(row);
	const waiting = pending[when];
	if (waiting === null) return null;
	await writePending(tx, row.id, { ...pending, [when]: null });
	const input = modifyCacheInputSchema.parse({ ...waiting.changes, name });
	const now = await findStayingCache(tx, name);
	await changeNodes(resources, { name: waiting.requestedBy }, tx, now, input, after);
	return waiting;
}
