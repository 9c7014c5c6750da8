import { formatCpus } from "../../../../server/contract/units.ts";
import type { PreviewHost, PreviewRequest } from "./preview-request.ts";

function roomOn(host: PreviewHost, { nodeMemoryBytes, nodeCpuMillis }: PreviewRequest): number {
	const byMemory = Math.floor(host.freeMemoryBytes / nodeMemoryBytes);
	return Math.max(0, Math.min(byMemory, Math.floor(host.freeCpuMillis / nodeCpuMillis)));
}

/** "local-b none (at most 0.1 vCPUs free on a host)": what a zone has room for, or what it lacks. */
function zoneWords(zone: string, hosts: readonly PreviewHost[], request: PreviewRequest): string {
	const own = hosts.filter((host) => host.zone === zone);
	const room = own.reduce((sum, host) => sum + roomOn(host, request), 0);
	if (room > 0) return `${zone} ${room}`;
	const most = (read: (host: PreviewHost) => number) => Math.max(0, ...own.map(read));
	const bytes = most(({ freeMemoryBytes }) => freeMemoryBytes);
	return bytes < request.nodeMemoryBytes
		? `${zone} none (at most ${request.formatBytes(bytes)} free on a host)`
		: `${zone} none (at most ${formatCpus(most(({ freeCpuMillis }) => freeCpuMillis))} free on a host)`;
}

/** What the cache needs and what each zone has room for. `hosts` are those in the requested zones. */
export function explainShortage(
	request: PreviewRequest,
	hosts: readonly PreviewHost[],
	missing: number,
): string {
	const { shards, nodesPerShard, nodeMemoryBytes, nodeCpuMillis, zones, formatBytes } = request;
	if (hosts.length === 0) {
		return zones.length === 0
			? "No host is online."
			: `No host is online in ${zones.join(" or ")}.`;
	}
	const wanted = shards * nodesPerShard;
	const rooms = [...new Set(hosts.map(({ zone }) => zone))]
		.sort()
		.map((zone) => zoneWords(zone, hosts, request))
		.join(", ");
	const size = `${formatBytes(nodeMemoryBytes)} and ${formatCpus(nodeCpuMillis)}`;
	if (missing === 0) {
		return `Multi-AZ needs two zones with room for every shard. Room for nodes of ${size}: ${rooms}.`;
	}
	const wants = wanted === 1 ? "It needs a node" : `It needs ${wanted} nodes`;
	const lacks = missing === wanted ? "there is no room" : `there is no room for ${missing} of them`;
	return `${wants} of ${size}, but ${lacks}. Room for: ${rooms}.`;
}
