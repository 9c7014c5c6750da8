import { z } from "zod";
import { type Host, hostEngineSchema } from "../contract/host.ts";
import type { Prisma } from "./database.ts";
import { moveProblem } from "./fleet-room.ts";
import type { FleetState } from "./fleet-state.ts";

export const enginesColumn = z.array(hostEngineSchema);

/** What a host's view takes of the nodes that are assigned to it. */
export const HOST_WITH_NODES = {
	nodes: { select: { id: true, cacheId: true, memoryBytes: true, cpuMillis: true } },
} as const;
export type HostWithNodes = Prisma.HostGetPayload<{ include: typeof HOST_WITH_NODES }>;

/** The host as the API shows it. */
export function toHostView(row: HostWithNodes, fleet: FleetState): Host {
	const online = fleet.isOnline(row.id);
	// What was last heard of a host that is silent may no longer be true.
	const gateway = online ? fleet.gateway(row.id) : null;
	const sentinel = online ? fleet.sentinel(row.id) : null;
	return {
		id: row.id,
		name: row.name,
		zone: row.zone,
		address: row.advertisedAddress,
		status: online ? "online" : "offline",
		statusReason: describeState(row, fleet),
		lastSeenAt: (fleet.lastSeenAt(row.id) ?? row.lastSeenAt)?.toISOString() ?? null,
		joinedAt: row.joinedAt.toISOString(),
		agentVersion: row.agentVersion,
		cpus: row.cpus,
		memoryBytes: Number(row.memoryBytes),
		memoryAssignedBytes: row.nodes.reduce((sum, node) => sum + Number(node.memoryBytes), 0),
		cpuMillisAssigned: row.nodes.reduce((sum, node) => sum + node.cpuMillis, 0),
		limits: row.limits === "cgroup-v2" ? "cgroup-v2" : "none",
		gateway: { status: gateway?.phase ?? "unknown", reason: gateway?.reason ?? null },
		sentinel: { status: sentinel?.phase ?? "unknown", reason: sentinel?.reason ?? null },
		cordoned: row.cordoned || row.drainRequestedAt !== null,
		draining: row.drainRequestedAt !== null,
		lost: row.lostAt !== null,
		nodeCount: row.nodes.length,
		engines: enginesColumn.parse(row.engines),
	};
}

/** What is being done about its nodes, or keeps it from being done; null for a host that goes on as it is. */
function describeState(row: HostWithNodes, fleet: FleetState): string | null {
	const isDraining = row.drainRequestedAt !== null;
	if (!isDraining && row.lostAt === null) return null;
	const count = row.nodes.length;
	const nodes = count === 1 ? "1 node" : `${count} nodes`;
	const problems = row.nodes.flatMap((node) => moveProblem(fleet, node.id) ?? []);
	const [first] = problems;
	if (first !== undefined) {
		const more = problems.length - 1;
		return more === 0 ? first : `${first} The same holds for ${more} more.`;
	}
	if (row.lostAt !== null) {
		if (fleet.safeMode && !row.lossConfirmed) {
			return "Lost, but so many hosts fell silent at once that nothing is replaced until they return (safe mode).";
		}
		const then = row.lossConfirmed ? " It is removed then." : "";
		return `Lost: others take the place of its ${nodes}.${then}`;
	}
	return count === 0
		? "Drained: nothing runs here."
		: `${nodes} to be moved to other hosts, one of a shard at a time.`;
}
