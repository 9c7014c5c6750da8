import type { Transaction } from "../data/database.ts";
import type { PlacementHost } from "../domain/placement/request.ts";
import type { Resources } from "./context.ts";
import { quarantineStart } from "./free-ports.ts";

/** Hosts that take nodes now, with their free room. */
export async function placementHosts(
	{ fleet, overcommit, clock, nodePorts }: Resources,
	tx: Transaction,
): Promise<PlacementHost[]> {
	const rows = await tx.host.findMany({
		where: { cordoned: false, drainRequestedAt: null, lostAt: null, lossConfirmed: false },
		include: {
			nodes: { select: { port: true, memoryBytes: true, cpuMillis: true } },
			abandoned: { select: { port: true } },
		},
		orderBy: { name: "asc" },
	});
	const released = await tx.releasedPort.findMany({
		where: { hostId: { not: "" }, releasedAt: { gt: quarantineStart(clock.now()) } },
	});
	const endpoints = await tx.cache.findMany({ select: { port: true, readerPort: true } });
	// Most lie outside the range that nodes choose from.
	const endpointPorts = endpoints
		.flatMap((row) => [row.port ?? [], row.readerPort ?? []].flat())
		.filter((port) => port >= nodePorts.first && port <= nodePorts.last);
	return rows
		.filter((row) => fleet.isInTouch(row.id))
		.map((row) => ({
			id: row.id,
			name: row.name,
			zone: row.zone,
			freeMemoryBytes:
				Number(row.memoryBytes) * overcommit -
				row.nodes.reduce((sum, node) => sum + Number(node.memoryBytes), 0),
			freeCpuMillis:
				row.cpus * 1_000 * overcommit - row.nodes.reduce((sum, node) => sum + node.cpuMillis, 0),
			usedPorts: new Set([
				...[...row.nodes, ...row.abandoned].map((node) => node.port),
				...released.filter((entry) => entry.hostId === row.id).map((entry) => entry.port),
				...endpointPorts,
				...fleet.refusedPorts.on(row.id),
			]),
		}));
}
