import type { Transaction } from "../../data/database.ts";
import type { Resources } from "../../services/context.ts";

/**
 * Raises the revisions of hosts in the transaction that changes what they should run. Returns the new revisions; the
 * caller wakes the hosts' watches once it has committed.
 */
export async function bumpHosts(
	tx: Transaction,
	hostIds: Iterable<string>,
): Promise<Map<string, number>> {
	const revisions = new Map<string, number>();
	// In a fixed order, so that two transactions never wait for each other crosswise.
	for (const id of [...new Set(hostIds)].sort()) {
		const host = await tx.host.update({
			where: { id },
			data: { revision: { increment: 1 } },
			select: { revision: true },
		});
		revisions.set(id, host.revision);
	}
	return revisions;
}

export function wakeHosts(resources: Resources, hostIds: Iterable<string>): void {
	for (const id of hostIds) resources.signals.notify(`host:${id}`);
}
