import { allNodeRows, type FullCache, type FullNode } from "../../data/cache-mapping.ts";

/** Nodes that move because a person asked for it, and haven't arrived. */
export function movingNodes(row: FullCache): FullNode[] {
	return allNodeRows(row).filter(
		({ moveToHostId, moveToZone }) => moveToHostId !== null || moveToZone !== null,
	);
}

/** Which nodes move, and what to do about it, in a sentence; null for none. */
export function describeMovesUnderWay(row: FullCache): string | null {
	const moving = movingNodes(row);
	if (moving.length === 0) return null;
	const names = moving.map(({ name }) => name).join(", ");
	return `Cache ${row.name} is being changed: ${names} ${moving.length === 1 ? "is" : "are"} moving to another host. Wait until that is done, or cancel it.`;
}
