import type { Transaction } from "../data/database.ts";
import { readEndpointPorts, readHostUsage } from "../data/host-room.ts";
import type { PlacementHost } from "../domain/placement/request.ts";
import { RoomClaims } from "../domain/placement/room-claims.ts";
import type { Resources } from "./context.ts";
import { quarantineStart } from "./free-ports.ts";

/** Hosts that accept nodes now, with the room that they have now, or will have once steps before have taken theirs. */
export async function placementHosts(
	{ fleet, overcommit, clock, nodePorts }: Resources,
	tx: Transaction,
	claims = new RoomClaims(),
): Promise<PlacementHost[]> {
	const rows = await readHostUsage(tx, quarantineStart(clock.now()));
	// Most are outside the range that nodes choose from.
	const endpointPorts = (await readEndpointPorts(tx, null)).filter(
		(port) => port >= nodePorts.first && port <= nodePorts.last,
	);
	return rows
		.filter((row) => fleet.isInTouch(row.id))
		.map(({ id, name, zone, ...row }) => ({
			...{ id, name, zone },
			freeMemoryBytes:
				Number(row.memoryBytes) * overcommit -
				Number(row.usedMemoryBytes) -
				claims.on(id).memoryBytes,
			freeCpuMillis: row.cpus * 1_000 * overcommit - row.usedCpuMillis - claims.on(id).cpuMillis,
			usedPorts: new Set([...row.ports, ...endpointPorts, ...fleet.refusedPorts.on(id)]),
		}));
}
