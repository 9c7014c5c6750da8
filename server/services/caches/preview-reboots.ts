import type { ModifyCacheInput } from "../../contract/index.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import { shardName } from "../../data/cache-view.ts";
import type { Transaction } from "../../data/database.ts";
import { findParameterGroup } from "../../data/parameter-groups.ts";
import { restartSeconds } from "../../domain/cache/expected-time.ts";
import type { Resources } from "../context.ts";
import { primariesLast } from "./order-reboots.ts";
import { emptyPreview, type PartPreview } from "./part-preview.ts";
import { nodesToRestart } from "./pending-reboots.ts";
import { usedBytes } from "./used-bytes.ts";

/** The restarts that pending parameters need. */
export async function previewReboots(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	{ applyPending, parameterGroup }: ModifyCacheInput,
): Promise<PartPreview> {
	const preview = emptyPreview();
	if (applyPending !== true) return preview;
	const group = parameterGroup === undefined ? null : await findParameterGroup(tx, parameterGroup);
	const nodes = primariesLast(row, await nodesToRestart(resources, tx, row, group));
	if (nodes.length === 0) preview.steps.push("No parameters are pending, so no node restarts.");
	for (const node of nodes) {
		const shard = row.shards.find(({ id }) => id === node.shardId);
		const leads = shard?.primaryNodeId === node.id;
		const handsOver = leads && (shard?.nodes.length ?? 0) > 1 && row.automaticFailover;
		preview.restarts.push(node.name);
		preview.seconds += restartSeconds(usedBytes(resources, node));
		if (handsOver && shard !== undefined) preview.failovers.push(shardName(shard.index));
		preview.steps.push(
			`Restart ${node.name} on ${node.host.name}${consequence(row, leads, handsOver)}`,
		);
	}
	return preview;
}

function consequence(row: FullCache, leads: boolean, handsOver: boolean): string {
	if (row.engine === "memcached") return ". It comes back empty: its data is lost.";
	if (handsOver) return ", after it has handed over to a replica.";
	return leads ? ". Requests fail until it is back; its data is kept." : ".";
}
