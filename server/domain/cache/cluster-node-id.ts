/** How a node is known in its cluster: 40 hex digits, the same for the node's whole life. `nodeId` is a UUID. */
export function clusterNodeId(nodeId: string): string {
	const digits = nodeId.replaceAll("-", "").toLowerCase();
	return `${digits}${digits.slice(0, 8)}`;
}
