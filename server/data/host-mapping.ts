import { z } from "zod";
import { type Host, hostEngineSchema } from "../contract/host.ts";
import type { HostRow } from "./database.ts";
import type { FleetState } from "./fleet-state.ts";

export const enginesColumn = z.array(hostEngineSchema);

/** The host as the API shows it; `nodes` are those assigned to it. */
export function toHostView(
	row: HostRow & { nodes: { memoryBytes: bigint }[] },
	fleet: FleetState,
): Host {
	return {
		id: row.id,
		name: row.name,
		zone: row.zone,
		address: row.advertisedAddress,
		status: fleet.isOnline(row.id) ? "online" : "offline",
		lastSeenAt: (fleet.lastSeenAt(row.id) ?? row.lastSeenAt)?.toISOString() ?? null,
		joinedAt: row.joinedAt.toISOString(),
		agentVersion: row.agentVersion,
		cpus: row.cpus,
		memoryBytes: Number(row.memoryBytes),
		memoryAssignedBytes: row.nodes.reduce((sum, node) => sum + Number(node.memoryBytes), 0),
		nodeCount: row.nodes.length,
		engines: enginesColumn.parse(row.engines),
	};
}
