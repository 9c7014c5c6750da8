import { randomUUID } from "node:crypto";
import type { Severity } from "../contract/index.ts";
import { cleanText } from "../contract/storable.ts";
import type { Clock } from "../platform/clock.ts";
import type { Transaction } from "./database.ts";

export interface NewEvent {
	severity: Severity;
	type: string;
	message: string;
	cacheName?: string;
	nodeName?: string;
	hostName?: string;
}

/** Writes an event in the transaction of the change that it reports. */
export async function recordEvent(db: Transaction, clock: Clock, event: NewEvent): Promise<void> {
	await recordEvents(db, clock, [event]);
}

/** The same for several events, with one statement. */
export async function recordEvents(
	db: Transaction,
	clock: Clock,
	events: readonly NewEvent[],
): Promise<void> {
	if (events.length === 0) return;
	const at = clock.now();
	await db.event.createMany({
		data: events.map((event) => ({
			id: randomUUID(),
			at,
			severity: event.severity,
			type: event.type,
			// The message may quote an engine.
			message: cleanText(event.message),
			cacheName: event.cacheName ?? null,
			nodeName: event.nodeName ?? null,
			hostName: event.hostName ?? null,
		})),
	});
}
