import { type FullCache, type FullNode, progressColumn } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { recordEvent } from "../../data/record-event.ts";
import { lockCaches } from "../../data/row-locks.ts";
import { nodeNames } from "../../domain/cache/node-label.ts";
import { rebootSteps } from "../../domain/cache/reboot-progress.ts";
import type { Requester, Resources } from "../context.ts";

/** Requests reboots of nodes; the reconciler carries them out, replicas before their primary. */
export async function orderReboots(
	resources: Resources,
	caller: Requester,
	tx: Transaction,
	row: FullCache,
	nodes: readonly FullNode[],
): Promise<void> {
	const chosen = primariesLast(row, nodes);
	const names = [...new Set(chosen.map(({ name }) => name))];
	await lockCaches(tx, [row.id]);
	await tx.node.updateMany({
		where: { id: { in: chosen.map((node) => node.id) } },
		data: { rebootPending: true },
	});
	await tx.cache.update({
		where: { id: row.id },
		data: {
			status: row.status === "available" ? "rebooting" : row.status,
			progress: rebootSteps(progressColumn.parse(row.progress), names),
			// A pass that read the cache before this must not write its own steps over these.
			generation: { increment: 1 },
		},
	});
	await recordEvent(tx, resources.clock, {
		severity: "info",
		type: "cache.rebooting",
		message: `Reboot of ${nodeNames(chosen)} requested by ${caller.name}.`,
		cacheName: row.name,
	});
}

export function primariesLast(row: FullCache, nodes: readonly FullNode[]): FullNode[] {
	const leads = ({ id }: FullNode) => row.shards.some(({ primaryNodeId }) => primaryNodeId === id);
	return [...nodes].sort((a, b) => Number(leads(a)) - Number(leads(b)));
}
