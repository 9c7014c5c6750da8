import { placeReplacement, type ReplacementRequest } from "./place-replacement.ts";
import type { PlacementHost } from "./request.ts";

export interface DrainRequest {
	/** The host that is drained. */
	from: { hostId: string; zone: string };
	/** Hosts that accept nodes. */
	hosts: readonly PlacementHost[];
	caches: readonly DrainedCache[];
	portRange: ReplacementRequest["portRange"];
}

export interface DrainedCache
	extends Pick<ReplacementRequest, "nodeMemoryBytes" | "nodeCpuMillis" | "zones"> {
	shards: readonly (readonly DrainMember[])[];
}

export interface DrainMember {
	nodeId: string;
	hostId: string;
	zone: string;
	leads: boolean;
}

/** Where a node of the drained host would go: the id of a host, or null with the reason and what would help. */
export type DrainOutcome =
	| { nodeId: string; toHostId: string }
	| { nodeId: string; toHostId: null; reason: string; remedy: string };

/**
 * What a drain would do, node by node in the order in which it would move them: replicas before their primary, each by
 * the rules of placement, with the room that the moves before it leave.
 */
export function planDrain({ from, hosts, caches, portRange }: DrainRequest): DrainOutcome[] {
	const room = new Map(hosts.filter(({ id }) => id !== from.hostId).map((host) => [host.id, host]));
	return caches.flatMap((cache) => {
		const shards = cache.shards.map((members) => [...members]);
		return shards.flatMap((members, shard) =>
			members
				.filter(({ hostId }) => hostId === from.hostId)
				.sort((a, b) => Number(a.leads) - Number(b.leads))
				.map((leaving): DrainOutcome => {
					const { nodeId } = leaving;
					const place = placeReplacement({
						...cache,
						hosts: [...room.values()],
						members: shards.map((each) => each.filter((member) => member !== leaving)),
						shard,
						from,
						only: null,
						portRange,
					});
					if (!place.ok)
						return { nodeId, toHostId: null, reason: place.reason, remedy: place.remedy };
					const target = room.get(place.hostId);
					if (target !== undefined) {
						room.set(target.id, filled(target, cache, place.port));
						const moved = { ...leaving, hostId: target.id, zone: target.zone };
						members.splice(members.indexOf(leaving), 1, moved);
					}
					return { nodeId, toHostId: place.hostId };
				}),
		);
	});
}

function filled(
	host: PlacementHost,
	{ nodeMemoryBytes, nodeCpuMillis }: DrainedCache,
	port: number,
): PlacementHost {
	return {
		...host,
		freeMemoryBytes: host.freeMemoryBytes - nodeMemoryBytes,
		freeCpuMillis: host.freeCpuMillis - nodeCpuMillis,
		usedPorts: new Set([...host.usedPorts, port]),
	};
}
