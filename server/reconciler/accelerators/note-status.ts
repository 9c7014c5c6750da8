import { FULL_ACCELERATOR, type FullAccelerator } from "../../data/accelerator-rows.ts";
import { writeInCharge } from "../../data/charge.ts";
import { recordEvent } from "../../data/record-event.ts";
import {
	acceleratorStatus,
	type StatusWithReason,
} from "../../domain/accelerator/accelerator-status.ts";
import { endpointReports } from "../../fleet/take-accelerators.ts";
import type { Resources } from "../../services/context.ts";

/** An instance that takes longer to serve than this counts as missing. */
const JOINING_MS = 30_000;

/** Stores how an accelerator is now, with an event if its status has changed. */
export async function noteStatus(resources: Resources, id: string): Promise<void> {
	const { include } = FULL_ACCELERATOR;
	const row = await resources.db.accelerator.findUnique({ where: { id }, include });
	if (row === null) return;
	const found = statusOf(resources, row);
	if (found === null) return;
	const { status, reason } = found;
	if (status === row.status && reason === row.statusReason) return;
	const isServing = status === "available" || status === "degraded";
	await writeInCharge(resources, async (tx) => {
		const { count } = await tx.accelerator.updateMany({
			where: { id },
			data: {
				...{ status, statusReason: reason },
				...(isServing && row.availableAt === null && { availableAt: resources.clock.now() }),
			},
		});
		if (count === 0 || status === row.status) return;
		await recordEvent(tx, resources.clock, {
			severity: status === "unavailable" ? "error" : status === "degraded" ? "warning" : "info",
			type: `accelerator.${status}`,
			message: `Accelerator ${row.name} is ${status}.${reason === null ? "" : ` ${reason}`}`,
			cacheName: row.cache.name,
		});
	});
}

function statusOf(resources: Resources, row: FullAccelerator): StatusWithReason | null {
	const { fleet, clock } = resources;
	const joinedAfter = clock.now().getTime() - JOINING_MS;
	const reports = endpointReports(resources);
	return acceleratorStatus({
		...{ cacheName: row.cache.name, wanted: row.instanceCount },
		wasAvailable: row.availableAt !== null,
		hasPorts: row.port !== null && row.cache.port !== null,
		instances: row.instances.map(({ host, phase, reason, cacheUsable, processId, createdAt }) => ({
			...{ hostName: host.name, online: fleet.isOnline(host.id), reason, cacheUsable },
			running: phase === "running",
			joining: processId === null && reason === null && createdAt.getTime() > joinedAfter,
		})),
		endpoints: row.servedByHostIds
			.filter((hostId) => fleet.isOnline(hostId))
			.map((hostId) => {
				const said = reports.get(hostId)?.find(({ acceleratorId }) => acceleratorId === row.id);
				return {
					known: said !== undefined,
					...{ ready: said?.ready === true, problem: said?.problem ?? null },
				};
			}),
	});
}
