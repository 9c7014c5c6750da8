import { engineSchema } from "../contract/enums.ts";
import type { ReportInput } from "../contract/host-report.ts";
import { writeInCharge } from "../data/charge.ts";
import type { Transaction } from "../data/database.ts";
import type { FleetState } from "../data/fleet-state.ts";
import { lockMetering } from "../data/lock-metering.ts";
import { MeteredProcesses } from "../data/metered-processes.ts";
import { readRateCard } from "../data/rate-card-store.ts";
import { isServerless } from "../data/serverless-rows.ts";
import { addUsage, type UsageAddition } from "../data/usage-store.ts";
import { NOTHING_USED } from "../domain/metering/cost.ts";
import { divide } from "../domain/metering/spans.ts";
import { isNewer, usageBetween } from "../domain/metering/usage-between.ts";
import { BatchWriter } from "../platform/batch-writer.ts";
import { oncePer } from "../platform/once-per.ts";
import type { Resources } from "../services/context.ts";

type Reading = ReportInput["usage"][number];

const READINGS_PER_TRANSACTION = 2_000;
const READINGS_WAITING_MAX = 10_000;

/** One transaction at a time, because each holds the lock of metering. */
const writerOf = oncePer(
	(resources: Resources) =>
		new BatchWriter<Reading>(
			(readings) => writeInCharge(resources, (tx) => meter(resources.fleet, tx, readings)),
			{ batch: READINGS_PER_TRANSACTION, waitingMax: READINGS_WAITING_MAX },
		),
);

/**
 * Adds what clients used since the last reading of each process, and stores the reading, in one transaction: a reading
 * that comes twice, or after a newer one, adds nothing. Throws BusyWriterError if too many wait already.
 */
export async function takeUsage(resources: Resources, readings: readonly Reading[]): Promise<void> {
	if (readings.length > 0) await writerOf(resources).write(readings);
}

async function meter(
	fleet: FleetState,
	tx: Transaction,
	readings: readonly Reading[],
): Promise<void> {
	const metering = await lockMetering(tx);
	const nodeIds = [...new Set(readings.map(({ assignmentId }) => assignmentId))].sort();
	const nodes = await tx.node.findMany({
		where: { id: { in: nodeIds } },
		select: { id: true, cacheId: true, cache: { select: { engine: true, kind: true } } },
	});
	const caches = new Map(nodes.map(({ id, cacheId, cache }) => [id, { cacheId, ...cache }]));
	const processes = await MeteredProcesses.of(tx, nodeIds);
	const usualOwnBytes = await MeteredProcesses.ownBytesOf(
		tx,
		readings.flatMap(({ assignmentId, process }) => {
			const isKnown = (processes.get(assignmentId, process)?.ownBytesPerSecond ?? null) !== null;
			return isKnown ? [] : (caches.get(assignmentId)?.cacheId ?? []);
		}),
	);
	const additions: UsageAddition[] = [];
	for (const reading of readings) {
		const { assignmentId: nodeId, process, counters, storedBytes } = reading;
		const cache = caches.get(nodeId);
		const before = processes.get(nodeId, process);
		if (cache === undefined) continue;
		if (before !== null && !isNewer(before.counters, counters)) continue;
		const at = new Date(reading.at);
		const { usage, process: after } = usageBetween(
			before,
			{ at, counters },
			usualOwnBytes.get(cache.cacheId) ?? null,
		);
		processes.set(nodeId, process, after);
		// It ran before anything was metered: how much of what it has counted is recent isn't known.
		if (before === null && (metering === null || usage.from < metering.startedAt)) continue;
		const seconds = (usage.to.getTime() - usage.from.getTime()) / 1_000;
		fleet.elastic.takeEcpus(nodeId, usage);
		// Such as a replica's: a row of zeros says nothing.
		if (usage.ecpus === 0 && storedBytes === 0) continue;
		for (const { share, ...span } of divide(usage.from, usage.to)) {
			additions.push({
				...span,
				cacheId: cache.cacheId,
				used: {
					...NOTHING_USED,
					storedByteSeconds: storedBytes * seconds * share,
					ecpus: usage.ecpus * share,
				},
				nodeCost: 0,
				serverless: isServerless(cache) ? engineSchema.parse(cache.engine) : null,
			});
		}
	}
	await processes.save(tx);
	await addUsage(tx, await readRateCard(tx), additions);
}
