import type { ChangePreview, PreviewSlotsInput } from "../../contract/index.ts";
import { wantedNodeCount } from "../../data/cache-view.ts";
import { readSnapshot } from "../../data/read-snapshot.ts";
import { hourlyCost } from "../../domain/engines/node-types.ts";
import type { Resources } from "../context.ts";
import { findStayingCache } from "./find-cache.ts";
import { previewReshard } from "./preview-reshard.ts";

/** What setting or spreading the slots would do now, and what is in its way. */
export async function previewSlots(
	resources: Resources,
	{ name, slots, weightBy }: PreviewSlotsInput,
): Promise<ChangePreview> {
	return readSnapshot(resources.db, async (tx) => {
		const row = await findStayingCache(tx, name);
		const request = slots === undefined ? { weightBy } : { slots };
		const preview = await previewReshard(resources, tx, row, request);
		const nodes = wantedNodeCount(row);
		const { nodeVcpus: vcpus, nodeCpuMillis: cpuMillis } = row;
		const memoryBytes = nodes * Number(row.nodeMemoryBytes);
		const size = { memoryBytes: Number(row.nodeMemoryBytes), vcpus, cpuMillis };
		const cost = nodes * hourlyCost(size, resources.rateCard);
		return {
			steps: preview?.steps ?? [],
			restarts: [],
			failovers: [],
			memoryBytes: { before: memoryBytes, after: memoryBytes },
			hourlyCost: { before: cost, after: cost },
			expectedSeconds: Math.ceil(preview?.seconds ?? 0),
			irreversible: false,
			problems: preview?.problems ?? [],
		};
	});
}
