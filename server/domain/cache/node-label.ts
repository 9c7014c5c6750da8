interface Named {
	id: string;
	name: string;
	replacesNodeId: string | null;
	host: { name: string };
}

/** A node's name in a sentence. While it moves, two nodes have its name, so the host distinguishes them. */
export function nodeLabel(node: Named, all: readonly Named[]): string {
	const moves =
		node.replacesNodeId !== null || all.some(({ replacesNodeId }) => replacesNodeId === node.id);
	return moves ? `${node.name} on ${node.host.name}` : node.name;
}

/** Says that a node which should leave its host can't, and why. */
export function cantLeave(node: string, host: string, reason: string): string {
	return `${node} can't leave ${host}. ${reason}`;
}

/** What makes these hosts' nodes visible again. */
export function agentRemedy(hosts: readonly { needsUpgrade: boolean }[]): string {
	return hosts.every(({ needsUpgrade }) => needsUpgrade)
		? "Upgrade Larder's agent there (docs/upgrade.md)."
		: "Start Larder's agent there.";
}

/** Such as "orders-001, orders-002": each name once. */
export function nodeNames(nodes: readonly { name: string }[]): string {
	return [...new Set(nodes.map(({ name }) => name))].join(", ");
}
