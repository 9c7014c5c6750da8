import type { Observation } from "../contract/host-report.ts";
import { HUNG_TIMING } from "../contract/limits.ts";
import { storeObservations } from "../data/store-observations.ts";
import { isSameButForOffset, type StoredObservation } from "../data/stored-observation.ts";
import type { Resources } from "../services/context.ts";
import { observationAfter } from "./take-offsets.ts";

/** Stores what a host reports of its nodes, and removes the nodes that it should no longer have and hasn't. */
export async function takeObservations(
	{ db, fleet, signals, wakeCache }: Resources,
	hostId: string,
	revision: number,
	observations: readonly Observation[],
	touched: Set<string>,
): Promise<void> {
	const nodes = await db.node.findMany({
		where: { hostId },
		select: { id: true, cacheId: true, removedAtRevision: true, observation: true },
	});
	const changed = new Map<string, StoredObservation>();
	for (const node of nodes) {
		const seen = observations.find((observation) => observation.assignmentId === node.id);
		if (seen === undefined) {
			// The host's state doesn't contain this node, and the host no longer has a trace of it.
			if (node.removedAtRevision !== null && revision >= node.removedAtRevision) {
				await db.node.deleteMany({ where: { id: node.id } });
				fleet.forgetNode(node.id);
				touched.add(node.cacheId);
			}
			continue;
		}
		fleet.setPlace(node.id, { cacheId: node.cacheId, hostId });
		if (seen.reason?.code === "port-taken") fleet.refusedPorts.note(hostId, seen.port);
		const wasUnsaved = fleet.isUnsaved(node.id);
		const before = fleet.observation(node.id, node.observation);
		const next = observationAfter(before, seen);
		fleet.setObservation(node.id, next);
		// A snapshot's next step may depend on it.
		if (before?.snapshot?.phase !== next.snapshot?.phase) signals.notify("snapshots");
		if (before?.engineState?.role === "replica" && next.engineState?.role === "primary") {
			fleet.notePromotion(node.id);
			wakeCache(node.cacheId, "urgent");
		}
		if (before !== null && isSameButForOffset(before, next) && !wasUnsaved) {
			// After a start of the control plane, memory had none.
			fleet.setSaved(node.id);
			continue;
		}
		// A death can't wait until the rest is stored.
		if (next.phase === "exited" && before?.phase !== "exited") {
			wakeCache(node.cacheId, "urgent");
		}
		if (next.silentSince !== null && next.silentSince !== before?.silentSince) {
			// If it stays silent, no later report will wake the cache.
			setTimeout(() => wakeCache(node.cacheId, "urgent"), HUNG_TIMING.askedAfterMs).unref();
		}
		changed.set(node.id, next);
		touched.add(node.cacheId);
	}
	await storeObservations(db, changed);
	for (const [nodeId, stored] of changed) {
		// An alert may have brought a newer one meanwhile.
		if (fleet.observation(nodeId, null) === stored) fleet.setSaved(nodeId);
	}
}
