export interface PreviewHost {
	id: string;
	name: string;
	zone: string;
	freeMemoryBytes: number;
}

export interface PreviewNode {
	host: PreviewHost;
	isPrimary: boolean;
}

export interface Preview {
	nodes: PreviewNode[];
	/** Nodes that found no host with room. */
	missing: number;
	/** By zone, after this cache. */
	roomLeft: { zone: string; bytes: number }[];
}

interface PreviewRequest {
	/** Online ones. */
	hosts: readonly PreviewHost[];
	nodeCount: number;
	nodeMemoryBytes: number;
}

function countBy<Item>(items: readonly Item[], matches: (item: Item) => boolean): number {
	return items.reduce((count, item) => count + (matches(item) ? 1 : 0), 0);
}

/**
 * Where the nodes would go if the fleet stays as it is now: zones are spread over first, then hosts, then free
 * memory decides. The control plane makes the real choice, by the same order, when the cache is created.
 */
export function previewPlacement({ hosts, nodeCount, nodeMemoryBytes }: PreviewRequest): Preview {
	const nodes: PreviewNode[] = [];
	const leftOn = (host: PreviewHost) =>
		host.freeMemoryBytes - countBy(nodes, (node) => node.host.id === host.id) * nodeMemoryBytes;
	for (let index = 0; index < nodeCount; index += 1) {
		const inZone = (zone: string) => countBy(nodes, (node) => node.host.zone === zone);
		const onHost = (id: string) => countBy(nodes, (node) => node.host.id === id);
		const [best] = hosts
			.filter((host) => leftOn(host) >= nodeMemoryBytes)
			.sort(
				(a, b) =>
					inZone(a.zone) - inZone(b.zone) ||
					onHost(a.id) - onHost(b.id) ||
					b.freeMemoryBytes - a.freeMemoryBytes ||
					a.name.localeCompare(b.name),
			);
		if (best === undefined) break;
		nodes.push({ host: best, isPrimary: index === 0 });
	}
	const zones = [...new Set(hosts.map(({ zone }) => zone))].sort();
	const roomLeft = zones.map((zone) => ({
		zone,
		bytes: hosts
			.filter((host) => host.zone === zone)
			.reduce((sum, host) => sum + Math.max(0, leftOn(host)), 0),
	}));
	return { nodes, missing: nodeCount - nodes.length, roomLeft };
}
