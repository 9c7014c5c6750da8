import type { Resources } from "../context.ts";

/** What the node holds according to its newest sample; 0 until there is one. */
export function usedBytes({ fleet }: Resources, { id }: { id: string }): number {
	return fleet.metrics(id)?.memoryUsedBytes ?? 0;
}
