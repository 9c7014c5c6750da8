/**
 * A cycle in the graph, first member repeated at the end, or null. Targets that aren't keys have no imports.
 */
export function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | null {
	const done = new Set<string>();
	const path: string[] = [];

	const visit = (node: string): string[] | null => {
		if (done.has(node)) return null;
		const at = path.indexOf(node);
		if (at !== -1) return [...path.slice(at), node];
		path.push(node);
		for (const target of graph.get(node) ?? []) {
			const cycle = visit(target);
			if (cycle !== null) return cycle;
		}
		path.pop();
		done.add(node);
		return null;
	};

	for (const node of graph.keys()) {
		const cycle = visit(node);
		if (cycle !== null) return cycle;
	}
	return null;
}
