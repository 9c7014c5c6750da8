import type { ChangePreview, PreviewSlotsInput } from "../../contract/index.ts";
import { wantedNodeCount } from "../../data/cache-view.ts";
import { readSnapshot } from "../../data/read-snapshot.ts";
import type { Resources } from "../context.ts";
import { assemblePreview } from "./assemble-preview.ts";
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
		const after = { wanted: row, nodeCount: wantedNodeCount(row) };
		const parts = preview === null ? [] : [preview.part];
		return {
			...(await assemblePreview(resources, tx, row, after, parts)),
			irreversible: false,
		};
	});
}
