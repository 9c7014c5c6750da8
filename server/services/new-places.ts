import { allNodeRows, type FullCache, zonesColumn } from "../data/cache-mapping.ts";
import type { Transaction } from "../data/database.ts";
import { type PlacementResult, placeNodes } from "../domain/placement/place-nodes.ts";
import type { Resources } from "./context.ts";
import { placementHosts } from "./placement-hosts.ts";

/** Places for that many more nodes of each shard, beside its present ones: for all of them, or the reason why not. */
export async function chooseNewPlaces(
	resources: Resources,
	tx: Transaction,
	cache: FullCache,
	counts: readonly number[],
): Promise<PlacementResult> {
	const present = allNodeRows(cache).filter(({ leavingAt }) => leavingAt === null);
	return placeNodes({
		purpose: "growth",
		hosts: await placementHosts(resources, tx),
		shards: counts,
		members: cache.shards.map((shard) =>
			present
				.filter(({ shardId }) => shardId === shard.id)
				.map(({ id, hostId, host }) => ({
					hostId,
					zone: host.zone,
					leads: id === shard.primaryNodeId,
				})),
		),
		nodeMemoryBytes: Number(cache.nodeMemoryBytes),
		nodeCpuMillis: cache.nodeCpuMillis,
		// A copy in the wrong zone is better than none, and moves once another zone has room.
		multiAz: false,
		zones: zonesColumn.parse(cache.zones),
		portRange: resources.nodePorts,
		alternatives: [],
	});
}
