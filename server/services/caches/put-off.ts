import { AppError, type ModifyCacheInput, nextWindow } from "../../contract/index.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { readPending, writePending } from "../../data/pending-changes.ts";
import { recordEvent } from "../../data/record-event.ts";
import type { Caller, Resources } from "../context.ts";
import { newGroup } from "./change-group.ts";
import type { ChangeProblem } from "./change-kind.ts";
import { throwFirst } from "./change-nodes.ts";
import { irreversibility, resolveShape } from "./change-shape.ts";
import { findStayingCache } from "./find-cache.ts";
import { shareAfter, withShape } from "./following-parts.ts";
import { resolveMoves } from "./move-nodes.ts";
import { nodeChangesOf } from "./parts-of-change.ts";
import { planReshard } from "./reshard-cache.ts";

/**
 * Keeps a change until the maintenance window opens. Fields that wait already get the new values. Refused is what the
 * cache can't become whatever happens; whether there is room, and whether data fits, is asked when the window opens.
 */
export async function putOff(
	resources: Resources,
	caller: Caller,
	tx: Transaction,
	row: FullCache,
	input: ModifyCacheInput,
): Promise<void> {
	const asked = nodeChangesOf(input);
	if (Object.keys(asked).length === 0) return;
	const { clock } = resources;
	const pending = readPending(row);
	const changes = { ...pending.window?.changes, ...asked };
	const whole = { ...changes, name: row.name };
	throwFirst(await lastingProblems(resources, tx, row, whole));
	if (row.availableAt === null) {
		throw new AppError(
			"conflict",
			`Cache ${row.name} is ${row.status}; changes can wait for its maintenance window once it is available.`,
			{ field: "apply" },
		);
	}
	const requestedAt = clock.now().toISOString();
	const window = { changes, requestedAt, requestedBy: caller.name };
	await writePending(tx, row.id, { ...pending, window });
	const startsAt = nextWindow(row.maintenanceWindow, clock.now()).startsAt.toISOString();
	const from = `${startsAt.slice(0, 10)} ${startsAt.slice(11, 16)} UTC`;
	await recordEvent(tx, clock, {
		severity: "info",
		type: "cache.change-pending",
		message: `A change of cache ${row.name} (${Object.keys(asked).join(", ")}) waits for its maintenance window, from ${from}, as ${caller.name} requested.`,
		cacheName: row.name,
	});
}

async function lastingProblems(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	input: ModifyCacheInput,
): Promise<ChangeProblem[]> {
	const shape = await resolveShape(resources, tx, row, input, shareAfter(row, input));
	const changed = await withShape(resources, tx, row, input);
	if (input.engine === undefined && input.engineVersion === undefined) {
		await newGroup(tx, row, input.parameterGroup);
	}
	const { shards, weightBy } = input;
	const resharding =
		shards === undefined ? null : planReshard(resources, changed, { shards, weightBy });
	const found = [
		...shape.problems,
		...irreversibility(shape, input),
		...(resharding?.problems ?? []),
		...(await resolveMoves(resources, tx, row, input.moves)).problems,
	];
	return found.filter(({ code }) => code === "invalid_argument");
}

/** What a request asks for at once no longer waits for the window. */
export async function supersede(tx: Transaction, input: ModifyCacheInput): Promise<void> {
	const row = await findStayingCache(tx, input.name);
	const pending = readPending(row);
	const asked = Object.keys(nodeChangesOf(input));
	if (pending.window === null) return;
	const left = Object.entries(pending.window.changes).filter(([field]) => !asked.includes(field));
	if (left.length === Object.keys(pending.window.changes).length) return;
	// These alone change nothing.
	const isEmpty = left.every(([field]) => ["acceptIrreversible", "weightBy"].includes(field));
	const window = isEmpty ? null : { ...pending.window, changes: Object.fromEntries(left) };
	await writePending(tx, row.id, { ...pending, window });
}
