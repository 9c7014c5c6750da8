import { allNodeRows, type FullCache, type FullNode, zonesColumn } from "../data/cache-mapping.ts";
import type { Transaction } from "../data/database.ts";
import { placeReplacement, type ReplacementResult } from "../domain/placement/place-replacement.ts";
import type { RoomClaims } from "../domain/placement/room-claims.ts";
import type { Resources } from "./context.ts";
import type { NodeColumns } from "./node-columns.ts";
import { placementHosts } from "./placement-hosts.ts";

/** A place for a node that takes over from another: `only` lists the hosts that it may go to, null for any. */
export async function placeSuccessor(
	resources: Resources,
	tx: Transaction,
	cache: FullCache,
	node: FullNode,
	options: {
		size: Pick<NodeColumns, "memoryBytes" | "cpuMillis">;
		only: readonly string[] | null;
		/** It can't be started again, so the room that it had is free. */
		hasEnded: boolean;
		/** Of the steps before, in a forecast. */
		claims?: RoomClaims;
	},
): Promise<ReplacementResult> {
	const { size, only, hasEnded, claims } = options;
	const hosts = await placementHosts(resources, tx, claims);
	const rows = allNodeRows(cache);
	const replaced = new Set([node.id, ...rows.map((each) => each.replacesNodeId)]);
	return placeReplacement({
		hosts: hosts.map((host) =>
			hasEnded && host.id === node.hostId
				? {
						...host,
						freeMemoryBytes: host.freeMemoryBytes + Number(node.memoryBytes),
						freeCpuMillis: host.freeCpuMillis + node.cpuMillis,
					}
				: host,
		),
		members: cache.shards.map((each) =>
			rows
				.filter(({ id, shardId }) => shardId === each.id && !replaced.has(id))
				.map(({ id, hostId, host }) => ({
					hostId,
					zone: host.zone,
					leads: id === each.primaryNodeId,
				})),
		),
		shard: cache.shards.findIndex(({ id }) => id === node.shardId),
		from: { hostId: node.hostId, zone: node.host.zone },
		// It may have to go after all, because the situation has changed since the action was planned.
		only: hasEnded || isLeaving(node) ? null : only,
		nodeMemoryBytes: Number(size.memoryBytes),
		nodeCpuMillis: size.cpuMillis,
		zones: zonesColumn.parse(cache.zones),
		portRange: resources.nodePorts,
	});
}

function isLeaving({ host }: FullNode): boolean {
	return host.drainRequestedAt !== null || host.lostAt !== null || host.lossConfirmed;
}
