import type { Resources } from "../context.ts";

/** What the node holds by its newest sample; 0 as long as there is none. */
export function usedBytes({ fleet }: Resources, { id }: { id: string }): number {
	return fleet.metrics(id)?.memoryUsedBytes ?? 0;
}
