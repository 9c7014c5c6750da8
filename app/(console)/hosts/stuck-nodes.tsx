interface Stuck {
	node: string;
	reason: string | null;
	remedy?: string | null;
}

/** Nodes that can't leave for the same reason. */
export interface StuckGroup {
	nodes: string[];
	reason: string;
	remedy: string | null;
}

export function stuckGroups(stuck: readonly Stuck[]): StuckGroup[] {
	const groups = new Map<string, StuckGroup>();
	for (const { node, reason, remedy = null } of stuck) {
		const key = `${reason} ${remedy}`;
		const group = groups.get(key) ?? { nodes: [], reason: reason ?? "", remedy };
		group.nodes.push(node);
		groups.set(key, group);
	}
	return [...groups.values()];
}

/** Which nodes can't leave, why, and what would let them. */
export function StuckNodes({ groups }: { groups: readonly StuckGroup[] }) {
	return (
		<ul aria-label="Nodes that can't leave" className="mt-1.5 flex flex-col gap-2">
			{groups.map(({ nodes, reason, remedy }) => (
				<li key={nodes.join()} className="text-pretty">
					<strong className="font-semibold break-words">{nodes.join(", ")}</strong>
					<br />
					{reason}
					{remedy !== null && <span className="block font-medium">{remedy}</span>}
				</li>
			))}
		</ul>
	);
}
