import { writeInCharge } from "../data/charge.ts";
import { type NewEvent, recordEvents } from "../data/record-event.ts";
import { storeStatuses } from "../data/store-statuses.ts";
import { bumpRoutes, wakeGateways } from "../services/bump-hosts.ts";
import type { Resources } from "../services/context.ts";
import { isWritten, type Look } from "./look-at-cache.ts";
import { followsMigration } from "./migrations/follows-migration.ts";

/** Stores what plans say about their caches, and their events, with one transaction for all that have changed. */
export async function writeStatuses(resources: Resources, looks: readonly Look[]): Promise<void> {
	const { clock } = resources;
	const changed = looks.filter((look) => !isWritten(look) && !isBeingPlaced(look));
	if (changed.length === 0) return;
	const rows = changed.map(({ cache: { id, generation }, plan }) => ({ ...plan, id, generation }));
	const opened = await writeInCharge(resources, async (tx) => {
		const stored = await storeStatuses(tx, rows, clock.now());
		const written = changed.filter(({ cache }) => stored.has(cache.id));
		const available = written.filter(({ plan }) => plan.becameAvailable);
		const events: NewEvent[] = [];
		for (const { cache, plan } of written) {
			if (plan.events.length === 0) continue;
			const isEcho = await followsMigration(tx, cache, clock);
			const told = plan.events.filter(({ type }) => !isEcho || type !== "cache.recovered");
			events.push(...told.map((event) => ({ ...event, cacheName: cache.name })));
		}
		// From now on Sentinels watch them.
		if (available.length > 0) {
			await bumpRoutes(
				tx,
				available.map(({ cache }) => cache.id),
			);
		}
		await recordEvents(tx, clock, events);
		return available.length > 0;
	});
	if (opened) wakeGateways(resources);
}

/** Placement writes the nodes a moment later; until then its first step has nothing to report. */
function isBeingPlaced({ cache, plan }: Look): boolean {
	const places = plan.actions.some(({ kind }) => kind === "place");
	return places && cache.statusReason === null && plan.blocks.length === 0;
}
