import type { PlacementHost } from "./request.ts";

/** The hosts' room for new nodes while nodes that they have, given by their hosts, may still need so much more each. */
export function withReserve(
	hosts: readonly PlacementHost[],
	nodeHostIds: readonly string[],
	bytesEach: number,
): PlacementHost[] {
	return hosts.map((host) => {
		const nodes = nodeHostIds.filter((id) => id === host.id).length;
		return { ...host, freeMemoryBytes: host.freeMemoryBytes - nodes * bytesEach };
	});
}
