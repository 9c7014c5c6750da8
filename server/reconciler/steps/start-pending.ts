import { changeWords } from "../../contract/change-words.ts";
import { AppError } from "../../contract/errors.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import { writeInCharge } from "../../data/charge.ts";
import type { Transaction } from "../../data/database.ts";
import type { WaitingChange } from "../../data/pending-changes.ts";
import { recordEvent } from "../../data/record-event.ts";
import { writeAudit } from "../../data/write-audit.ts";
import type { PendingWhen } from "../../domain/cache/model.ts";
import { startPending as start } from "../../services/caches/pending-changes.ts";
import type { Resources } from "../../services/context.ts";

/** Starts a change that has waited. Returns null, or the reason why it can't begin now and goes on waiting. */
export async function startPending(
	resources: Resources,
	{ name }: FullCache,
	when: PendingWhen,
): Promise<string | null> {
	const commits: (() => void)[] = [];
	try {
		await writeInCharge(resources, async (tx) => {
			const started = await start(resources, tx, name, when, (commit) => commits.push(commit));
			if (started !== null && when === "window") await noteBegin(resources, tx, name, started);
		});
	} catch (error) {
		if (error instanceof AppError) return error.message;
		throw error;
	}
	for (const commit of commits) commit();
	return null;
}

/** People read it in the events, and auditors find it with the request that asked for it. */
async function noteBegin(
	{ clock }: Resources,
	tx: Transaction,
	name: string,
	{ changes, requestedBy, origin }: WaitingChange,
): Promise<void> {
	await recordEvent(tx, clock, {
		severity: "info",
		type: "cache.window-opened",
		message: `The maintenance window of cache ${name} has opened, and the change that was waiting for it (${changeWords(changes)}) is starting, as ${requestedBy} requested.`,
		cacheName: name,
	});
	if (origin === undefined) return;
	const fact = {
		action: "cache.begin-pending-changes",
		target: name,
		details: { changes: Object.keys(changes).join(", ") },
	};
	await writeAudit(tx, clock, { ...origin, address: null }, fact);
}
