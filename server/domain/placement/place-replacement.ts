import { type PlacedMember, spreadNodes } from "../../contract/spread-nodes.ts";
import { explainNoMove } from "./explain-shortage.ts";
import { choosePorts, type Placement } from "./place-nodes.ts";
import type { PlacementHost, PlacementRequest } from "./request.ts";

export interface ReplacementRequest
	extends Pick<PlacementRequest, "nodeMemoryBytes" | "nodeCpuMillis" | "zones" | "portRange"> {
	/** That take nodes. */
	hosts: readonly PlacementHost[];
	/** Who stays, by shard: without the node that is to be replaced. */
	members: readonly (readonly PlacedMember[])[];
	/** Index of the shard of the node that is to be replaced. */
	shard: number;
	/** Where it is now. */
	from: { hostId: string; zone: string };
	/** It goes for the sake of another zone: any other move would be for nothing. */
	toNewZone: boolean;
}

export type ReplacementResult = ({ ok: true } & Placement) | { ok: false; reason: string };

/**
 * A host for a node that takes the place of another: never one that has a node of the shard, unless the node that goes
 * shares its host with one too. Otherwise by the rules of contract/spread-nodes.ts, the same zone first where several are
 * as good.
 */
export function placeReplacement(request: ReplacementRequest): ReplacementResult {
	const { hosts, members, shard, from, zones, toNewZone, portRange } = request;
	const siblings = members[shard] ?? [];
	const taken = new Set(siblings.map(({ hostId }) => hostId));
	const takenZones = new Set(siblings.map(({ zone }) => zone));
	const sharing = taken.has(from.hostId);
	const eligible = hosts
		.filter(({ zone }) => zones === null || zones.includes(zone))
		.filter(({ id }) => sharing || !taken.has(id))
		.filter(({ zone }) => !toNewZone || !takenZones.has(zone));
	const spread = spreadNodes({
		...request,
		hosts: eligible,
		shards: members.map((_, index) => (index === shard ? 1 : 0)),
		zones: [from.zone],
		// A copy in the wrong zone is better than none, and moves once another zone has room.
		multiAz: false,
	});
	const host = spread.shards[shard]?.[0] ?? null;
	if (host === null) return { ok: false, reason: explainNoMove(request, eligible) };
	const place = choosePorts([[host]], portRange)?.[0]?.[0];
	if (place !== undefined) return { ok: true, ...place };
	return {
		ok: false,
		reason: `No node port from ${portRange.first} to ${portRange.last} is left on ${host.name}. Delete caches or add a host.`,
	};
}
