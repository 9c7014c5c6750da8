import { spreadNodes } from "../../../../server/contract/spread-nodes.ts";
import { explainShortage } from "./explain-shortage.ts";
import type { PreviewHost, PreviewRequest } from "./preview-request.ts";

export interface PreviewNode {
	host: PreviewHost;
	role: "primary" | "replica" | "node";
	/** From 0. */
	shard: number;
	/** From 1 within the shard: the primary is 1. Over all nodes for Memcached. */
	member: number;
}

export interface ZoneRoom {
	zone: string;
	/** Left once this cache is placed. */
	bytes: number;
	nodes: number;
}

export interface Preview {
	nodes: PreviewNode[];
	/** How many nodes found no host with room. */
	missing: number;
	roomLeft: ZoneRoom[];
	/** What is lacking and where, in words; null if everything fits. */
	shortage: string | null;
}

/**
 * Where the nodes would go if the fleet stays as it is now, by the control plane's own rules
 * (server/contract/spread-nodes.ts). The control plane chooses when the cache is created.
 */
export function previewPlacement(request: PreviewRequest): Preview {
	const { shards, nodesPerShard, isMemcached, multiAz, zones } = request;
	const hosts = request.hosts.filter(({ zone }) => zones.length === 0 || zones.includes(zone));
	const spread = spreadNodes({
		hosts,
		shards: Array.from({ length: shards }, () => nodesPerShard),
		nodeMemoryBytes: request.nodeMemoryBytes,
		nodeCpuMillis: request.nodeCpuMillis,
		multiAz,
		zones: zones.length === 0 ? null : zones,
	});
	const nodes = spread.shards.flatMap((members, shard) =>
		members.flatMap((host, index): PreviewNode[] => {
			if (host === null) return [];
			const role = isMemcached ? "node" : index === 0 ? "primary" : "replica";
			return [{ host, role, shard, member: index + 1 }];
		}),
	);
	const missing = shards * nodesPerShard - nodes.length;
	return {
		nodes,
		missing,
		roomLeft: roomLeft(request, nodes),
		shortage: spread.complete ? null : explainShortage(request, hosts, missing),
	};
}

function roomLeft({ hosts, nodeMemoryBytes }: PreviewRequest, nodes: readonly PreviewNode[]) {
	const onHost = new Map<string, number>();
	for (const { host } of nodes) onHost.set(host.id, (onHost.get(host.id) ?? 0) + 1);
	const zones = [...new Set(hosts.map(({ zone }) => zone))].sort();
	return zones.map((zone): ZoneRoom => {
		const own = hosts.filter((host) => host.zone === zone);
		return {
			zone,
			nodes: own.reduce((sum, { id }) => sum + (onHost.get(id) ?? 0), 0),
			bytes: own.reduce(
				(sum, { id, freeMemoryBytes }) =>
					sum + Math.max(0, freeMemoryBytes - (onHost.get(id) ?? 0) * nodeMemoryBytes),
				0,
			),
		};
	});
}
