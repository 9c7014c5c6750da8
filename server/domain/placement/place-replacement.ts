import { type PlacedMember, spreadNodes } from "../../contract/spread-nodes.ts";
import { explainNoMove, type NoMove } from "./explain-shortage.ts";
import { choosePorts, type Placement } from "./place-nodes.ts";
import type { PlacementHost, PlacementRequest } from "./request.ts";

export interface ReplacementRequest
	extends Pick<PlacementRequest, "nodeMemoryBytes" | "nodeCpuMillis" | "zones" | "portRange"> {
	/** Hosts that accept nodes. */
	hosts: readonly PlacementHost[];
	/** The nodes that stay, by shard: without the node to be replaced. */
	members: readonly (readonly PlacedMember[])[];
	/** Index of the shard of the node to be replaced. */
	shard: number;
	/** Its current place. */
	from: { hostId: string; zone: string };
	/** The only hosts that it should move to, because it need not go; null for any. */
	only: readonly string[] | null;
}

export type ReplacementResult = ({ ok: true } & Placement) | ({ ok: false } & NoMove);

/**
 * A host for a node's replacement: never one that has a node of the shard, unless the replaced node shares
 * its host with one too. Otherwise by the rules of contract/spread-nodes.ts, preferring the same zone if several are
 * equally good.
 */
export function placeReplacement(request: ReplacementRequest): ReplacementResult {
	const { hosts, members, shard, from, zones, only, portRange } = request;
	const siblings = members[shard] ?? [];
	const taken = new Set(siblings.map(({ hostId }) => hostId));
	const sharing = taken.has(from.hostId);
	const eligible = hosts
		.filter(({ zone }) => zones === null || zones.includes(zone))
		.filter(({ id }) => sharing || !taken.has(id))
		.filter(({ id }) => only === null || only.includes(id));
	const spread = spreadNodes({
		...request,
		hosts: eligible,
		shards: members.map((_, index) => (index === shard ? 1 : 0)),
		zones: [from.zone],
		// A copy in the wrong zone is better than none, and moves once another zone has room.
		multiAz: false,
	});
	const host = spread.shards[shard]?.[0] ?? null;
	if (host === null) return { ok: false, ...explainNoMove(request, eligible) };
	const place = choosePorts([[host]], portRange)?.[0]?.[0];
	if (place !== undefined) return { ok: true, ...place };
	return {
		ok: false,
		reason: `No node port from ${portRange.first} to ${portRange.last} is left on ${host.name}.`,
		remedy: "Delete caches there, or add a host.",
	};
}
