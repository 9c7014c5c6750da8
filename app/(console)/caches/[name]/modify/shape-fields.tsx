"use client";

import type { Cache } from "../../../../../server/contract/cache-view.ts";
import { LIMITS } from "../../../../../server/contract/limits.ts";
import { StepperField } from "../../../../_ui/stepper-field.tsx";
import { SwitchField } from "../../../../_ui/switch-field.tsx";
import type { ModifyDraft } from "./modification.ts";

interface ShapeFieldsProps {
	cache: Cache;
	draft: ModifyDraft;
	set(change: Partial<ModifyDraft>): void;
	errorOf(field: string): string | undefined;
}

/** How many nodes the cache has, and how they stand in for each other. */
export function ShapeFields({ cache, draft, set, errorOf }: ShapeFieldsProps) {
	const isMemcached = cache.engine === "memcached";
	return (
		<>
			{cache.clusterMode === "disabled" && !isMemcached && (
				<SwitchField
					label="Change to cluster mode"
					name="toCluster"
					isOn={draft.toCluster}
					// With cluster mode, automatic failover is always on.
					onChange={(toCluster) =>
						set({ toCluster, shards: 1, automaticFailover: cache.automaticFailover })
					}
					error={errorOf("clusterMode")}
					hint="The cache can then have more shards. Clients wait while all its nodes restart with their data, about four seconds and fifteen more per GiB. Clients that don't speak the cluster protocol work only until there is a second shard. There is only database 0, and the reader endpoint goes."
				/>
			)}
			{(cache.clusterMode === "enabled" || draft.toCluster) && (
				<StepperField
					label="Shards"
					name="shards"
					value={draft.shards}
					min={1}
					max={LIMITS.shardsMax}
					onChange={(shards) => set({ shards })}
					error={errorOf("shards")}
					hint="Slots move while the cache keeps serving."
				/>
			)}
			{isMemcached ? (
				<StepperField
					label="Nodes"
					name="nodes"
					value={draft.nodes}
					min={1}
					max={LIMITS.memcachedNodesMax}
					onChange={(nodes) => set({ nodes })}
					error={errorOf("nodes")}
					hint="Clients redistribute keys over the nodes. Keys on removed nodes are lost."
				/>
			) : (
				<StepperField
					label="Replicas per shard"
					name="replicasPerShard"
					value={draft.replicasPerShard}
					min={0}
					max={LIMITS.replicasPerShardMax}
					onChange={(replicasPerShard) => set({ replicasPerShard })}
					error={errorOf("replicasPerShard")}
					hint="A new replica serves reads once it is in sync."
				/>
			)}
			<SwitchField
				label="Multi-AZ"
				name="multiAz"
				isOn={draft.multiAz}
				onChange={(multiAz) => set({ multiAz })}
				error={errorOf("multiAz")}
				hint={
					isMemcached
						? "Nodes are spread over at least two zones."
						: "Each shard's nodes are spread over at least two zones."
				}
			/>
			{!isMemcached && cache.clusterMode === "disabled" && !draft.toCluster && (
				<SwitchField
					label="Automatic failover"
					name="automaticFailover"
					isOn={draft.automaticFailover}
					onChange={(automaticFailover) => set({ automaticFailover })}
					error={errorOf("automaticFailover")}
					hint="A replica takes over when the primary fails."
				/>
			)}
		</>
	);
}
