/** A node's id in its cluster: 40 hex digits, constant for the node's whole life. `nodeId` is a UUID. */
export function clusterNodeId(nodeId: string): string {
	const digits = nodeId.replaceAll("-", "").toLowerCase();
	return `${digits}${digits.slice(0, 8)}`;
}
