import type { ChangePreview } from "../../contract/index.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import { hourlyCostOf, wantedNodeCount } from "../../data/cache-view.ts";
import type { Transaction } from "../../data/database.ts";
import type { Resources } from "../context.ts";
import type { PartPreview } from "./part-preview.ts";
import { previewTopology } from "./preview-topology.ts";

/** The preview of a change from those of its parts, in their order. `wanted` is the cache with `nodeCount` nodes afterward. */
export async function assemblePreview(
	{ rateCard }: Resources,
	tx: Transaction,
	row: FullCache,
	{ wanted, nodeCount }: { wanted: FullCache; nodeCount: number },
	parts: readonly PartPreview[],
): Promise<Omit<ChangePreview, "irreversible">> {
	const before = wantedNodeCount(row);
	const [costBefore, costAfter] = [
		hourlyCostOf(row, rateCard),
		hourlyCostOf(wanted, rateCard, nodeCount),
	];
	return {
		topology: await previewTopology(
			tx,
			row,
			parts.flatMap(({ deltas }) => deltas),
		),
		steps: parts.flatMap(({ steps }) => steps),
		restarts: [...new Set(parts.flatMap(({ restarts }) => restarts))],
		failovers: [...new Set(parts.flatMap(({ failovers }) => failovers))].sort(),
		memoryBytes: {
			before: before * Number(row.nodeMemoryBytes),
			after: nodeCount * Number(wanted.nodeMemoryBytes),
		},
		hourlyCost:
			costBefore === null || costAfter === null ? null : { before: costBefore, after: costAfter },
		expectedSeconds: Math.ceil(parts.reduce((sum, { seconds }) => sum + seconds, 0)),
		problems: parts.flatMap(({ problems }) => problems),
	};
}
