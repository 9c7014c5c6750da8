import type { FullCache } from "../../data/cache-mapping.ts";
import { writeInCharge } from "../../data/charge.ts";
import type { PlanAction } from "../../domain/cache/model.ts";
import { bumpRoutes, wakeGateways, wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import { findMember, raiseGenerations } from "./membership.ts";

type SetDetached = Extract<PlanAction, { kind: "detach-node" | "attach-node" }>;

/** Makes a replica acknowledge nothing more, or follow its primary again. Readers aren't led to one that is detached. */
export async function setDetached(
	resources: Resources,
	cache: FullCache,
	{ kind, nodeId }: SetDetached,
): Promise<void> {
	const node = findMember(cache, nodeId)?.node;
	if (node === undefined) return;
	await writeInCharge(resources, async (tx) => {
		await raiseGenerations(tx, [cache.id], [node]);
		await tx.node.updateMany({
			where: { id: nodeId, removedAtRevision: null },
			data: { detached: kind === "detach-node" },
		});
		// No reader is led to one that is leaving either.
		if (node.leavingAt === null) await bumpRoutes(tx, [cache.id]);
	});
	wakeHosts(resources, [node.hostId]);
	wakeGateways(resources);
}
