import { randomUUID } from "node:crypto";
import { engineSchema } from "../../contract/enums.ts";
import { NODE_TYPES } from "../../contract/node-type.ts";
import { usableMemoryBytes } from "../../contract/usable-memory.ts";
import { type FullCache, progressColumn, zonesColumn } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { findNodeTypes } from "../../data/node-types.ts";
import { findParameterGroup } from "../../data/parameter-groups.ts";
import { advance } from "../../domain/cache/progress.ts";
import { placeNodes } from "../../domain/placement/place-nodes.ts";
import type { PlacementHost } from "../../domain/placement/request.ts";
import { bumpHosts, bumpRoutes, wakeGateways, wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import { quarantineStart } from "../../services/free-ports.ts";
import { findEndpointPorts } from "./assign-ports.ts";

/**
 * Writes the nodes of a cache that has none, and its endpoint ports. Returns the reason if they don't fit now.
 * Placements run one at a time in a control plane; across several, the unique constraints on ports and the
 * reconciler's retry settle a race.
 */
export async function placeCache(resources: Resources, cache: FullCache): Promise<string | null> {
	const outcome = await resources.db.$transaction(async (tx) => {
		const result = await choosePlaces(resources, tx, cache);
		if (!result.ok) return { reason: result.reason, hostIds: [] };
		const ports = await findEndpointPorts(resources, tx, cache);
		if (!ports.ok) return { reason: ports.reason, hostIds: [] };
		const hostIds: string[] = [];
		const usable = await usableNodeBytes(tx, cache);
		let number = 0;
		for (const [index, shard] of cache.shards.entries()) {
			const placements = result.shards[index] ?? [];
			const ids = placements.map(() => randomUUID());
			const primaryId = cache.engine === "memcached" ? null : (ids[0] ?? null);
			await tx.node.createMany({
				data: placements.map((placement, member) => ({
					id: ids[member] ?? randomUUID(),
					cacheId: cache.id,
					shardId: shard.id,
					name: nodeName(cache, index, member, number++),
					hostId: placement.hostId,
					port: placement.port,
					memoryBytes: cache.nodeMemoryBytes,
					maxmemoryBytes: BigInt(usable),
					vcpus: cache.nodeVcpus,
					cpuMillis: cache.nodeCpuMillis,
					followsNodeId: member === 0 ? null : primaryId,
					onExit: exitPolicy(primaryId !== null && member === 0, placements.length),
				})),
			});
			await tx.shard.updateMany({ where: { id: shard.id }, data: { primaryNodeId: primaryId } });
			hostIds.push(...placements.map((placement) => placement.hostId));
		}
		await tx.cache.updateMany({
			where: { id: cache.id },
			data: {
				port: ports.port,
				readerPort: ports.readerPort,
				statusReason: null,
				progress: advance(
					progressColumn.parse(cache.progress),
					1,
					"running",
					resources.clock.now().toISOString(),
				),
			},
		});
		await bumpHosts(tx, hostIds);
		await bumpRoutes(tx, cache.id);
		return { reason: null, hostIds };
	});
	wakeHosts(resources, new Set(outcome.hostIds));
	if (outcome.reason === null) wakeGateways(resources);
	return outcome.reason;
}

/** ElastiCache's names: orders-001 without cluster mode, orders-0001-001 with it. */
function nodeName(cache: FullCache, shard: number, member: number, number: number): string {
	const digits = (value: number, width: number) => String(value + 1).padStart(width, "0");
	return cache.clusterMode === "enabled"
		? `${cache.name}-${digits(shard, 4)}-${digits(member, 3)}`
		: `${cache.name}-${digits(number, 3)}`;
}

async function usableNodeBytes(tx: Transaction, cache: FullCache): Promise<number> {
	const group = await findParameterGroup(tx, cache.parameterGroup);
	return usableMemoryBytes({
		engine: engineSchema.parse(cache.engine),
		memoryBytes: Number(cache.nodeMemoryBytes),
		overrides: group?.overrides ?? {},
	});
}

/** A primary with replicas is never restarted by its host alone: a replica may hold data that it no longer has. */
export function exitPolicy(isPrimary: boolean, nodeCount: number): "restart" | "report" {
	return isPrimary && nodeCount > 1 ? "report" : "restart";
}

async function choosePlaces(resources: Resources, tx: Transaction, cache: FullCache) {
	const members = cache.nodeCount ?? cache.replicasPerShard + 1;
	const own = await tx.nodeType.findMany({ select: { name: true } });
	const types = await findNodeTypes(tx, [...NODE_TYPES.keys(), ...own.map((type) => type.name)]);
	return placeNodes({
		hosts: await placementHosts(resources, tx),
		shards: cache.shards.map(() => members),
		nodeMemoryBytes: Number(cache.nodeMemoryBytes),
		nodeCpuMillis: cache.nodeCpuMillis,
		multiAz: cache.multiAz,
		zones: zonesColumn.parse(cache.zones),
		portRange: resources.nodePorts,
		alternatives: [...types].map(([name, size]) => ({ name, ...size })),
	});
}

/** Hosts that take nodes now, with what they have free. */
export async function placementHosts(
	{ fleet, overcommit, clock }: Resources,
	tx: Transaction,
): Promise<PlacementHost[]> {
	const rows = await tx.host.findMany({
		where: { cordoned: false, drainRequestedAt: null, lostAt: null, lossConfirmed: false },
		include: { nodes: { select: { port: true, memoryBytes: true, cpuMillis: true } } },
		orderBy: { name: "asc" },
	});
	const released = await tx.releasedPort.findMany({
		where: { hostId: { not: "" }, releasedAt: { gt: quarantineStart(clock.now()) } },
	});
	const endpoints = await tx.cache.findMany({ select: { port: true, readerPort: true } });
	const endpointPorts = endpoints.flatMap((row) => [row.port ?? [], row.readerPort ?? []].flat());
	return rows
		.filter((row) => fleet.isOnline(row.id) && !fleet.isSuspect(row.id))
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
				...row.nodes.map((node) => node.port),
				...released.filter((entry) => entry.hostId === row.id).map((entry) => entry.port),
				...endpointPorts,
			]),
		}));
}
