import { FLOOR_BYTES } from "../contract/serverless.ts";
import { allNodeRows, type FullCache, zonesColumn } from "../data/cache-mapping.ts";
import type { Transaction } from "../data/database.ts";
import { type HostMemory, readHostMemory } from "../data/host-room.ts";
import { NODE_CPU_MILLIS, shardBytesOf } from "../domain/serverless/capacity.ts";
import type { Room } from "../domain/serverless/policy.ts";
import type { Resources } from "./context.ts";

/**
 * A cluster's shard takes no more than this share of a host before there are more shards: a second one must find room
 * beside it, and both must be able to double until slots have moved.
 */
const SPLIT_SHARE = 1 / 4;

/** What hosts can give a serverless cache now. No host is promised out beyond `LARDER_OVERCOMMIT`. */
export async function elasticRoom(
	{ fleet, overcommit }: Resources,
	tx: Transaction,
	cache: FullCache,
): Promise<Room> {
	const hosts = await readHostMemory(tx, overcommit);
	const zones = zonesColumn.parse(cache.zones);
	const total = (host: HostMemory) => Number(host.memoryBytes) * overcommit;
	const free = (host: HostMemory) => total(host) - Number(host.usedMemoryBytes);
	const own = new Map(
		hosts.map((host) => {
			const nodes = allNodeRows(cache).filter(({ hostId }) => hostId === host.id);
			const bytes = nodes.reduce((sum, { memoryBytes }) => sum + Number(memoryBytes), 0);
			return [host.id, { count: nodes.length, bytes }];
		}),
	);
	const ownOf = ({ id }: HostMemory) => own.get(id) ?? { count: 0, bytes: 0 };
	const present = hosts.filter((host) => ownOf(host).count > 0);
	const open = hosts.filter(
		({ id, zone, takesNodes }) =>
			takesNodes && fleet.isInTouch(id) && (zones === null || zones.includes(zone)),
	);
	const each = (host: HostMemory) => (free(host) + ownOf(host).bytes) / ownOf(host).count;
	return {
		inPlaceBytes: forData(Math.min(...present.map(each))),
		elsewhereBytes: forData(
			ofTwo(cache, [...new Set([...open, ...present])], (host) => {
				return free(host) + ownOf(host).bytes;
			}),
		),
		// Memcached's keys that move are misses, so its nodes grow as far as they can first.
		splitBytes:
			cache.engine === "memcached"
				? Number.POSITIVE_INFINITY
				: Math.max(2 * FLOOR_BYTES, forData(Math.min(...present.map(total)) * SPLIT_SHARE)),
		processors: open.reduce((sum, { cpus }) => sum + cpus, 0),
		hosts: open.map((host) => ({
			spareBytes: host.freeCpuMillis < NODE_CPU_MILLIS ? 0 : forData(free(host)),
			ownNodes: ownOf(host).count,
		})),
	};
}

/** What two nodes on different hosts can both have, in different zones if the cache insists. */
function ofTwo(
	{ multiAz }: FullCache,
	hosts: readonly HostMemory[],
	bytesOn: (host: HostMemory) => number,
): number {
	const best = new Map<string, number>();
	for (const host of hosts) {
		const place = multiAz ? host.zone : host.id;
		best.set(place, Math.max(best.get(place) ?? 0, bytesOn(host)));
	}
	const [first = 0, second] = [...best.values()].sort((a, b) => b - a);
	return second ?? first / 2;
}

function forData(nodeBytes: number): number {
	return Number.isFinite(nodeBytes) && nodeBytes > 0 ? shardBytesOf(Math.floor(nodeBytes)) : 0;
}
