import type { Snapshot } from "../../../../server/contract/snapshot.ts";
import { type Draft, EMPTY_DRAFT } from "./draft.ts";

/** A new cache that is like the snapshot's. What the draft leaves open, the API takes from the snapshot. */
export function restoreDraft(snapshot: Snapshot): Draft {
	const { cacheKind, clusterMode, nodeType, replicasPerShard, persistence } = snapshot;
	const nodes = { nodeType, replicas: replicasPerShard, persistence };
	return {
		...EMPTY_DRAFT,
		...{ snapshot: snapshot.name, kind: cacheKind, engine: snapshot.engine },
		...{ clusterMode, shards: Math.max(1, snapshot.shards.length) },
		// In case the other kind is chosen: clients that can't speak the cluster protocol still don't have to.
		protocol: clusterMode === "enabled" ? "cluster" : "standard",
		...(cacheKind === "provisioned" && nodes),
		multiAz: replicasPerShard > 0,
	};
}
