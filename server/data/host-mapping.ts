import { z } from "zod";
import { type Host, hostEngineSchema } from "../contract/host.ts";
import type { HostRow } from "./database.ts";
import type { FleetState } from "./fleet-state.ts";

export const enginesColumn = z.array(hostEngineSchema);

/** The host as the API shows it; `nodes` are those assigned to it. */
export function toHostView(
	row: HostRow & { nodes: { memoryBytes: bigint; cpuMillis: number }[] },
	fleet: FleetState,
): Host {
	const gateway = fleet.gateway(row.id);
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
		cpuMillisAssigned: row.nodes.reduce((sum, node) => sum + node.cpuMillis, 0),
		limits: row.limits === "cgroup-v2" ? "cgroup-v2" : "none",
		gateway: { status: gateway?.phase ?? "unknown", reason: gateway?.reason ?? null },
		nodeCount: row.nodes.length,
		engines: enginesColumn.parse(row.engines),
	};
}
