import type { ModifyCacheInput } from "../../contract/index.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import { shardName } from "../../data/cache-view.ts";
import type { Transaction } from "../../data/database.ts";
import { copySeconds } from "../../domain/cache/expected-time.ts";
import type { Resources } from "../context.ts";
import { resolveMoves } from "./move-nodes.ts";
import { emptyPreview, type PartPreview } from "./part-preview.ts";
import { usedBytes } from "./used-bytes.ts";

/** Where nodes that a person moves would go. */
export async function previewMoves(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	input: ModifyCacheInput,
): Promise<PartPreview> {
	const { moves, problems } = await resolveMoves(resources, tx, row, input.moves);
	const preview: PartPreview = { ...emptyPreview(), problems };
	for (const { node, place } of moves) {
		if (place === null) {
			preview.steps.push(`Cancel the move of ${node.name}.`);
			continue;
		}
		const host = await tx.host.findUniqueOrThrow({ where: { id: place.hostId } });
		const shard = row.shards.find(({ id }) => id === node.shardId);
		const leads = shard?.primaryNodeId === node.id;
		const losses = row.engine === "memcached" ? " It starts empty there: its data is lost." : "";
		const handOver = leads ? " It hands over once the copy is in sync." : "";
		preview.steps.push(
			`Move ${node.name} from ${node.host.name} to ${host.name} (zone ${host.zone}).${losses}${handOver}`,
		);
		preview.deltas.push({ kind: "replace-node", node: node.name, hostId: place.hostId });
		preview.seconds += copySeconds([usedBytes(resources, node)]);
		if (leads && shard !== undefined) preview.failovers.push(shardName(shard.index));
	}
	return preview;
}
