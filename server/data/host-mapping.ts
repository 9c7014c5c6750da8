import { z } from "zod";
import { type Host, hostEngineSchema, hostSchema } from "../contract/host.ts";
import { ACCELERATOR_INSTANCE_BYTES } from "../contract/limits.ts";
import { cantLeave } from "../domain/cache/node-label.ts";
import { clockWarning } from "../domain/fleet/clock-warning.ts";
import { upgradeWarning } from "../domain/fleet/upgrade-warning.ts";
import type { Prisma } from "./database.ts";
import { moveProblems } from "./fleet-room.ts";
import type { FleetState } from "./fleet-state.ts";

export const enginesColumn = z.array(hostEngineSchema);

/** What a host's view needs of the nodes and instances of accelerators assigned to it. */
export const HOST_WITH_NODES = {
	nodes: {
		select: {
			...{ id: true, name: true, cacheId: true, memoryBytes: true, cpuMillis: true },
			cache: { select: { blocks: true } },
		},
	},
	_count: { select: { accelerators: true } },
} as const;
export type HostWithNodes = Prisma.HostGetPayload<{ include: typeof HOST_WITH_NODES }>;

/** The host as the API shows it. */
export function toHostView(row: HostWithNodes, fleet: FleetState): Host {
	const online = fleet.isOnline(row.id);
	const isHeard = fleet.isListening(row.id);
	// What a host last reported may no longer be true.
	const gateway = isHeard ? fleet.gateway(row.id) : null;
	const sentinel = isHeard ? fleet.sentinel(row.id) : null;
	const clockAheadMs = isHeard ? fleet.clocks.aheadMs(row.id) : null;
	const upgrade = online ? upgradeWarning(fleet.protocols.of(row.id)) : null;
	const stuckNodes = stuckNodesOf(row);
	return {
		id: row.id,
		name: row.name,
		zone: row.zone,
		address: row.advertisedAddress,
		status: online ? "online" : "offline",
		statusReason: describeState(row, fleet, stuckNodes),
		lastSeenAt: (fleet.lastSeenAt(row.id) ?? row.lastSeenAt)?.toISOString() ?? null,
		clockAheadMs,
		clockWarning: clockWarning(row.name, clockAheadMs),
		warnings: [...(upgrade ? [upgrade] : []), ...(isHeard ? fleet.warnings.of(row.id) : [])],
		joinedAt: row.joinedAt.toISOString(),
		agentVersion: row.agentVersion,
		cpus: row.cpus,
		memoryBytes: Number(row.memoryBytes),
		memoryAssignedBytes: row.nodes.reduce(
			(sum, node) => sum + Number(node.memoryBytes),
			row._count.accelerators * ACCELERATOR_INSTANCE_BYTES,
		),
		cpuMillisAssigned: row.nodes.reduce((sum, node) => sum + node.cpuMillis, 0),
		limits: hostSchema.shape.limits.catch("none").parse(row.limits),
		gateway: {
			status: gateway?.phase ?? "unknown",
			reason: gateway?.reason ?? null,
			forwarding: gateway?.forwarding ?? null,
		},
		sentinel: { status: sentinel?.phase ?? "unknown", reason: sentinel?.reason ?? null },
		clusterBus: gateway?.clusterBus ?? null,
		cordoned: row.cordoned || row.drainRequestedAt !== null,
		draining: row.drainRequestedAt !== null,
		stuckNodes,
		lost: row.lostAt !== null,
		nodeCount: row.nodes.length,
		engines: enginesColumn.parse(row.engines),
	};
}

/** Only for a host that its nodes have to leave. */
function stuckNodesOf(row: HostWithNodes): Host["stuckNodes"] {
	if (row.drainRequestedAt === null && row.lostAt === null) return [];
	return row.nodes.flatMap(({ id, name, cache }) => {
		const reason = moveProblems(cache).get(id);
		return reason === undefined ? [] : [{ node: name, reason }];
	});
}

/** What Larder is doing about its nodes, or what prevents it; null for a host without changes. */
function describeState(
	row: HostWithNodes,
	fleet: FleetState,
	stuckNodes: Host["stuckNodes"],
): string | null {
	const isDraining = row.drainRequestedAt !== null;
	if (!isDraining && row.lostAt === null) return null;
	const count = row.nodes.length;
	const nodes = count === 1 ? "1 node" : `${count} nodes`;
	const [stuck] = stuckNodes;
	if (stuck !== undefined) {
		const first = cantLeave(stuck.node, row.name, stuck.reason);
		const more = stuckNodes.length - 1;
		return more === 0 ? first : `${first} The same applies to ${more} more.`;
	}
	if (row.lostAt !== null) {
		if (fleet.safeMode && !row.lossConfirmed) {
			return "Lost, but so many hosts went silent at the same time that Larder replaces nothing until they return (safe mode).";
		}
		const then = row.lossConfirmed ? " Then Larder removes it." : "";
		return `Lost: Larder is replacing its ${nodes} on other hosts.${then}`;
	}
	return count === 0
		? "Drained: nothing runs here."
		: `${nodes} still to move to other hosts, one per shard at a time.`;
}
