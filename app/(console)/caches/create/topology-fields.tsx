"use client";

import { LIMITS } from "../../../../server/contract/limits.ts";
import { Segmented } from "../../../_ui/segmented.tsx";
import { StepperField } from "../../../_ui/stepper-field.tsx";
import { errorSentence } from "./bind.ts";
import { isCluster } from "./draft.ts";
import { FieldGroup } from "./field-group.tsx";
import { NodeTypeField } from "./node-type-field.tsx";
import type { CreateForm } from "./use-create-form.ts";

const MODES = [
	{ value: "disabled", label: "Off" },
	{ value: "enabled", label: "On" },
] as const;

/** How many nodes, and how they belong together. */
export function TopologyFields({ form }: { form: CreateForm }) {
	return form.draft.engine === "memcached" ? (
		<MemcachedTopology form={form} />
	) : (
		<ShardTopology form={form} />
	);
}

function ShardTopology({ form }: { form: CreateForm }) {
	const { draft, set } = form;
	const clustered = isCluster(draft);
	return (
		<div className="grid items-start gap-x-3 gap-y-5 sm:grid-cols-2 xl:grid-cols-4">
			<FieldGroup
				legend="Cluster mode"
				hint={
					clustered
						? "Spreads keys over shards. Clients must support the cluster protocol."
						: "One shard holds all keys. Works with every client."
				}
			>
				<Segmented
					label="Cluster mode"
					value={draft.clusterMode}
					options={MODES}
					onChange={(mode) =>
						form.update((old) => ({ ...old, clusterMode: mode, parameterGroup: "" }))
					}
				/>
			</FieldGroup>
			<StepperField
				label="Shards"
				name="shards"
				value={clustered ? draft.shards : 1}
				min={1}
				max={LIMITS.shardsMax}
				isDisabled={!clustered}
				onChange={(shards) => set("shards", shards)}
				error={errorSentence(form, "shards")}
				hint={
					clustered
						? `1 to ${LIMITS.shardsMax}. More shards give more memory and more writes per second.`
						: "Always 1 with cluster mode off; turn it on for more."
				}
			/>
			<StepperField
				label="Replicas per shard"
				name="replicas"
				value={draft.replicas}
				min={0}
				max={LIMITS.replicasPerShardMax}
				onChange={(replicas) => set("replicas", replicas)}
				error={errorSentence(form, "replicas")}
				hint={
					draft.replicas === 0
						? "Without a replica, the data is lost when its node fails."
						: `0 to ${LIMITS.replicasPerShardMax} copies, each on a different host if possible.`
				}
			/>
			<NodeTypeField form={form} />
		</div>
	);
}

function MemcachedTopology({ form }: { form: CreateForm }) {
	return (
		<div className="grid items-start gap-x-3 gap-y-5 sm:grid-cols-2 xl:grid-cols-4">
			<FieldGroup
				legend="Cluster mode"
				hint="Memcached has no cluster mode: its clients spread keys over nodes themselves."
			>
				<Segmented
					label="Cluster mode"
					value="disabled"
					options={MODES}
					onChange={() => {}}
					isDisabled
				/>
			</FieldGroup>
			<StepperField
				label="Nodes"
				name="nodes"
				value={form.draft.nodes}
				min={1}
				max={LIMITS.memcachedNodesMax}
				onChange={(nodes) => form.set("nodes", nodes)}
				error={errorSentence(form, "nodes")}
				hint={`1 to ${LIMITS.memcachedNodesMax}; each holds a share of the keys.`}
			/>
			<StepperField
				label="Replicas per shard"
				name="replicas"
				value={0}
				min={0}
				max={0}
				isDisabled
				onChange={() => {}}
				hint="Memcached keeps no copies. If a node is lost, your application reloads its keys from the source."
			/>
			<NodeTypeField form={form} />
		</div>
	);
}
