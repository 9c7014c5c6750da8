import { changeWords } from "../../contract/change-words.ts";
import {
	AppError,
	type ModifyCacheInput,
	nextWindow,
	windowTimeText,
} from "../../contract/index.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { readPending, writePending } from "../../data/pending-changes.ts";
import { recordEvent } from "../../data/record-event.ts";
import { auditOrigin } from "../audit-origin.ts";
import type { Caller, Resources } from "../context.ts";
import { type ChangeProblem, throwFirst } from "./change-problem.ts";
import { findStayingCache } from "./find-cache.ts";
import { orderOf, problemsOfParts } from "./following-parts.ts";
import { changesNodes, type NodeChanges, nodeChangesOf, partsOf } from "./parts-of-change.ts";

/**
 * Keeps a change until the maintenance window opens. Fields that already wait get the new values. A change that the
 * cache can never make is refused now; room, and whether the data fits, are checked when the window opens.
 */
export async function putOff(
	resources: Resources,
	caller: Caller,
	tx: Transaction,
	row: FullCache,
	input: ModifyCacheInput,
): Promise<void> {
	const asked = nodeChangesOf(input);
	const { clock } = resources;
	const pending = readPending(row);
	const changes = { ...pending.window?.changes, ...asked };
	if (!changesNodes(asked)) return;
	throwFirst(await lastingProblems(resources, tx, row, changes));
	if (row.availableAt === null) {
		throw new AppError(
			"conflict",
			`Cache ${row.name} is ${row.status}; you can schedule changes for its maintenance window once it is available.`,
			{ field: "apply" },
		);
	}
	const requestedAt = clock.now().toISOString();
	const { actor, actorName, requestId } = auditOrigin(caller);
	const origin = { actor, actorName, requestId };
	const window = { changes, requestedAt, requestedBy: caller.name, origin };
	await writePending(tx, row.id, { ...pending, window });
	const from = windowTimeText(nextWindow(row.maintenanceWindow, clock.now()).startsAt);
	await recordEvent(tx, clock, {
		severity: "info",
		type: "cache.change-pending",
		message: `A change to cache ${row.name} (${changeWords(asked)}) is waiting for its maintenance window, from ${from}, as ${caller.name} requested.`,
		cacheName: row.name,
	});
}

/** Only those that will remain until the window opens; those of room and data may disappear. */
async function lastingProblems(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	changes: NodeChanges,
): Promise<ChangeProblem[]> {
	const parts = partsOf(changes, await orderOf(tx, row, changes));
	const found = (await problemsOfParts(resources, tx, row, parts)).flat();
	return found.filter(({ code }) => code === "invalid_argument");
}

/** What a request asks for now no longer waits for the window. */
export async function supersede(tx: Transaction, input: ModifyCacheInput): Promise<void> {
	const row = await findStayingCache(tx, input.name);
	const pending = readPending(row);
	const asked = Object.keys(nodeChangesOf(input));
	if (pending.window === null) return;
	const fields = Object.entries(pending.window.changes);
	const left = fields.filter(([field]) => !asked.includes(field));
	if (left.length === fields.length) return;
	const changes = Object.fromEntries(left);
	const window = changesNodes(changes) ? { ...pending.window, changes } : null;
	await writePending(tx, row.id, { ...pending, window });
}
