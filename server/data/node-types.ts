import { NODE_TYPES, type NodeTypeSize } from "../contract/node-type-catalog.ts";
import type { Transaction } from "./database.ts";

/** A type from the catalog or one of the operators' own; null if there is none. */
export async function findNodeType(tx: Transaction, name: string): Promise<NodeTypeSize | null> {
	return (await findNodeTypes(tx, [name])).get(name) ?? null;
}

/** The sizes of the types that exist, with at most one database query. */
export async function findNodeTypes(
	tx: Transaction,
	names: Iterable<string>,
): Promise<Map<string, NodeTypeSize>> {
	const found = new Map<string, NodeTypeSize>();
	const unknown = new Set<string>();
	for (const name of names) {
		const size = NODE_TYPES.get(name);
		if (size === undefined) unknown.add(name);
		else found.set(name, size);
	}
	if (unknown.size === 0) return found;
	const rows = await tx.nodeType.findMany({ where: { name: { in: [...unknown] } } });
	for (const { name, vcpus, memoryBytes, cpuMillis } of rows) {
		found.set(name, { vcpus, memoryBytes: Number(memoryBytes), cpuMillis });
	}
	return found;
}
