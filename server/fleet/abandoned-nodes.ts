import type { Observation, ReportInput } from "../contract/host-report.ts";
import type { Resources } from "../services/context.ts";
import { keepPorts } from "../services/keep-ports.ts";

/**
 * Once a host that was lost when a cache was deleted is back and has removed the cache's nodes, quarantines their
 * ports like those of any deleted cache.
 */
export async function confirmAbandoned(
	{ db, clock, fleet }: Resources,
	hostId: string,
	observations: readonly Observation[],
	{ revision, setAside }: Pick<ReportInput, "revision" | "setAside">,
): Promise<void> {
	const rows = await db.abandonedNode.findMany({
		where: { hostId, removedAtRevision: { lte: revision } },
	});
	const present = new Set([...observations, ...setAside].map(({ assignmentId }) => assignmentId));
	const gone = rows.filter(({ id }) => !present.has(id));
	if (gone.length === 0) return;
	const releasedAt = clock.now();
	await db.$transaction(async (tx) => {
		await tx.abandonedNode.deleteMany({ where: { id: { in: gone.map(({ id }) => id) } } });
		await keepPorts(
			tx,
			gone.flatMap(({ port, endpointPorts, cacheName }) => [
				{ hostId, port, cacheName, releasedAt },
				...endpointPorts.map((each) => ({ hostId: "", port: each, cacheName, releasedAt })),
			]),
		);
	});
	for (const { id } of gone) fleet.forgetNode(id);
}
