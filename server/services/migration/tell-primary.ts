import { allNodeRows, type FullCache } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { lockCaches } from "../../data/row-locks.ts";
import { bumpHosts, wakeHosts } from "../bump-hosts.ts";
import type { Resources } from "../context.ts";

/**
 * Its primary's assignment changes in this transaction, which holds the cache's lock from here on. Returns the hosts to wake.
 * Comes before other writes.
 */
export async function tellPrimary(tx: Transaction, row: FullCache): Promise<string[]> {
	const primaryIds = new Set(row.shards.map(({ primaryNodeId }) => primaryNodeId));
	const primaries = allNodeRows(row).filter(({ id }) => primaryIds.has(id));
	const hosts = await bumpHosts(
		tx,
		primaries.map(({ hostId }) => hostId),
	);
	await lockCaches(tx, [row.id]);
	await tx.node.updateMany({
		where: { id: { in: primaries.map(({ id }) => id) } },
		data: { generation: { increment: 1 } },
	});
	return [...hosts.keys()];
}

export function wakeMigrations(resources: Resources, hostIds: readonly string[]): void {
	wakeHosts(resources, hostIds);
	resources.signals.notify("migrations");
}
