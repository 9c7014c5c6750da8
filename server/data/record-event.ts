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
	await db.event.createMany({
		data: {
			id: randomUUID(),
			at: clock.now(),
			severity: event.severity,
			type: event.type,
			// The message may quote an engine.
			message: cleanText(event.message),
			cacheName: event.cacheName ?? null,
			nodeName: event.nodeName ?? null,
			hostName: event.hostName ?? null,
		},
	});
}
