import type { ChangePreview, PreviewSlotsInput } from "../../contract/index.ts";
import { wantedNodeCount } from "../../data/cache-view.ts";
import { readSnapshot } from "../../data/read-snapshot.ts";
import { hourlyCost } from "../../domain/engines/node-types.ts";
import type { Resources } from "../context.ts";
import { findStayingCache } from "./find-cache.ts";
import { emptyPreview } from "./part-preview.ts";
import { previewReshard } from "./preview-reshard.ts";
import { previewTopology } from "./preview-topology.ts";

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
		const { steps, restarts, failovers, seconds, problems, deltas } =
			preview?.part ?? emptyPreview();
		return {
			topology: await previewTopology(tx, row, deltas),
			...{ steps, restarts, failovers },
			memoryBytes: { before: memoryBytes, after: memoryBytes },
			hourlyCost: { before: cost, after: cost },
			expectedSeconds: Math.ceil(seconds),
			irreversible: false,
			problems,
		};
	});
}
