import { spreadNodes } from "../../contract/spread-nodes.ts";
import { CONTINUES, explainShortage } from "./explain-shortage.ts";
import type { PlacementHost, PlacementRequest } from "./request.ts";

export interface Placement {
	hostId: string;
	port: number;
}

/** Placements by shard, in the order of the request. */
export type PlacementResult = { ok: true; shards: Placement[][] } | { ok: false; reason: string };

/**
 * Chooses hosts by the rules of contract/spread-nodes.ts, and each host's lowest free ports. The same input gives the
 * same answer.
 */
export function placeNodes(request: PlacementRequest): PlacementResult {
	const hosts = request.hosts.filter(
		(host) => request.zones === null || request.zones.includes(host.zone),
	);
	const refusal = refuse(request, hosts);
	if (refusal !== null) return { ok: false, reason: refusal };
	const spread = spreadNodes({ ...request, hosts });
	if (!spread.complete) return { ok: false, reason: explainShortage({ ...request, hosts }) };
	const shards = choosePorts(
		spread.shards.map((members) => members.filter((host) => host !== null)),
		request.portRange,
	);
	if (shards !== null) return { ok: true, shards };
	return {
		ok: false,
		reason: `No node port from ${request.portRange.first} to ${request.portRange.last} is left on the hosts with room. Delete caches or add a host.`,
	};
}

/** What makes any choice impossible, before room is checked. */
function refuse(request: PlacementRequest, hosts: readonly PlacementHost[]): string | null {
	if (request.hosts.length === 0) {
		return "No host that accepts nodes is online. Start Larder's agent on a host, or add a host.";
	}
	const online = new Set(request.hosts.map((host) => host.zone));
	const missing = (request.zones ?? []).filter((zone) => !online.has(zone));
	if (missing.length > 0) {
		return `No host is online in zone ${missing.join(", ")}; there are hosts in ${[...online].join(", ")}. Add a host in zone ${missing[0]}; ${CONTINUES[request.purpose]}.`;
	}
	const zones = new Set(hosts.map((host) => host.zone));
	if (request.multiAz && zones.size < 2) {
		return `Multi-AZ needs hosts online in two zones or more, and all are in ${[...zones].join(", ")}. Add a host in another zone; ${CONTINUES[request.purpose]}.`;
	}
	return null;
}

/** Each host's lowest free ports; null if one has none left. */
export function choosePorts(
	chosen: readonly (readonly PlacementHost[])[],
	range: { first: number; last: number },
): Placement[][] | null {
	const next = new Map<string, number>();
	const shards: Placement[][] = [];
	for (const hosts of chosen) {
		const placements: Placement[] = [];
		for (const host of hosts) {
			let port = next.get(host.id) ?? range.first;
			while (host.usedPorts.has(port)) port++;
			if (port > range.last) return null;
			next.set(host.id, port + 1);
			placements.push({ hostId: host.id, port });
		}
		shards.push(placements);
	}
	return shards;
}
