import { isDeepStrictEqual } from "node:util";
import type { AcceleratorReport } from "../contract/host-report.ts";
import { cleanText } from "../contract/storable.ts";
import { countersColumn } from "../data/accelerator-rows.ts";
import { addAcceleratorSamples } from "../data/accelerator-samples.ts";
import { Prisma } from "../data/database.ts";
import { addCounters } from "../domain/accelerator/add-counters.ts";
import { countedSince, divideCounts } from "../domain/accelerator/samples.ts";
import { oncePer } from "../platform/once-per.ts";
import type { Resources } from "../services/context.ts";

type EndpointReport = AcceleratorReport["endpoints"][number];

/** What hosts say about accelerators' endpoints, by host. Only in memory: hosts say it again after a restart. */
export const endpointReports = oncePer(
	(_: Resources) => new Map<string, readonly EndpointReport[]>(),
);

/** When each instance was last heard of, by id. Only in memory: after a restart, the next report is the first. */
const heardAt = oncePer((_: Resources) => new Map<string, Date>());

/** Wakes the keeper of accelerators (reconciler/accelerators). */
export function wakeAccelerators({ signals }: Resources): void {
	signals.notify("accelerators");
}

/** Stores what a host says about its own instances; instances of other hosts count for nothing. */
export async function takeAccelerators(
	resources: Resources,
	hostId: string,
	{ instances, endpoints }: AcceleratorReport,
): Promise<void> {
	const { db, clock } = resources;
	const known = endpointReports(resources).get(hostId);
	endpointReports(resources).set(hostId, endpoints);
	let changed = !isDeepStrictEqual(known, endpoints);
	const ids = instances.map(({ id }) => id);
	const rows = await db.acceleratorInstance.findMany({ where: { id: { in: ids }, hostId } });
	for (const row of rows) {
		const said = instances.find(({ id }) => id === row.id);
		if (said === undefined) continue;
		const { phase, port, state } = said;
		const reason = said.reason === null ? null : cleanText(said.reason);
		const cacheUsable = state === null ? null : state.cache.usable;
		changed ||=
			row.phase !== phase ||
			row.port !== port ||
			row.reason !== reason ||
			row.cacheUsable !== cacheUsable;
		const isNewProcess = state !== null && state.processId !== row.processId;
		const former = isNewProcess
			? addCounters([countersColumn.parse(row.formerCounters), countersColumn.parse(row.counters)])
			: null;
		await db.acceleratorInstance.updateMany({
			// It may have been removed meanwhile.
			where: { id: row.id, hostId },
			data: {
				...{ phase, reason, port, cacheUsable },
				...(state !== null && { processId: state.processId, counters: state.counters }),
				...(isNewProcess && { formerCounters: former ?? Prisma.DbNull }),
			},
		});
		const now = clock.now();
		const last = heardAt(resources).get(row.id) ?? now;
		heardAt(resources).set(row.id, now);
		const before = isNewProcess ? null : countersColumn.parse(row.counters);
		const counted = state === null ? null : countedSince(before, state.counters);
		if (counted !== null) {
			await addAcceleratorSamples(db, row.acceleratorId, divideCounts(last, now, counted));
		}
	}
	if (changed) wakeAccelerators(resources);
}
