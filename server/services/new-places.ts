import { allNodeRows, type FullCache, toCacheModel, zonesColumn } from "../data/cache-mapping.ts";
import type { Transaction } from "../data/database.ts";
import { situationOf } from "../domain/cache/plan-scaling.ts";
import { type PlacementResult, placeNodes } from "../domain/placement/place-nodes.ts";
import type { PlacementHost } from "../domain/placement/request.ts";
import type { RoomClaims } from "../domain/placement/room-claims.ts";
import { withReserve } from "../domain/placement/with-reserve.ts";
import { nodeBytesOf } from "../domain/serverless/capacity.ts";
import { BOUNDLESS, reserveUntilMoved } from "../domain/serverless/policy.ts";
import type { Resources } from "./context.ts";
import { placementHosts } from "./placement-hosts.ts";

/**
 * Places for that many more nodes of each shard, beside its present ones: for all of them, or the reason why not. If
 * possible, a serverless cache's present nodes keep room to grow until slots have moved to new shards.
 */
export async function chooseNewPlaces(
	resources: Resources,
	tx: Transaction,
	cache: FullCache,
	counts: readonly number[],
	claims?: RoomClaims,
): Promise<PlacementResult> {
	const hosts = await placementHosts(resources, tx, claims);
	const reserveBytes = reserveOf(resources, cache);
	const hostIds = allNodeRows(cache).map(({ hostId }) => hostId);
	const roomy = place(resources, cache, counts, withReserve(hosts, hostIds, reserveBytes));
	return roomy.ok || reserveBytes === 0 ? roomy : place(resources, cache, counts, hosts);
}

/** What each node may still need of its host's memory while slots move. */
function reserveOf(resources: Resources, cache: FullCache): number {
	const model = toCacheModel(cache, resources);
	const situation = situationOf(model, BOUNDLESS, resources.clock.now());
	return situation === null ? 0 : nodeBytesOf(reserveUntilMoved(situation));
}

function place(
	resources: Resources,
	cache: FullCache,
	counts: readonly number[],
	hosts: readonly PlacementHost[],
): PlacementResult {
	const present = allNodeRows(cache).filter(({ leavingAt }) => leavingAt === null);
	return placeNodes({
		purpose: "growth",
		hosts,
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
