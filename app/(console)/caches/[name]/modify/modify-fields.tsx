"use client";

import { useQuery } from "@tanstack/react-query";
import type { Cache } from "../../../../../server/contract/cache-view.ts";
import { familyOf } from "../../../../../server/contract/offered-versions.ts";
import { useTRPC } from "../../../../_lib/trpc.ts";
import { FormTextField } from "../../../../_ui/form-fields.tsx";
import { Panel } from "../../../../_ui/panel.tsx";
import { SelectField } from "../../../../_ui/select-field.tsx";
import { SwitchField } from "../../../../_ui/switch-field.tsx";
import { EvictionField } from "../../eviction-field.tsx";
import { groupOptions } from "../../group-options.ts";
import { PersistenceField } from "../../persistence-field.tsx";
import { persistenceObstacle } from "../../persistence-words.ts";
import { tagProblem } from "../../tags.ts";
import { TagsEditor } from "../../tags-editor.tsx";
import { isServerless } from "../serverless/serverless-cache.ts";
import { KindFields } from "./kind-fields.tsx";
import { engineOf, type ModifyDraft } from "./modification.ts";
import { ShapeFields } from "./shape-fields.tsx";
import { ShardReplicasField } from "./shard-replicas-field.tsx";

interface ModifyFieldsProps {
	cache: Cache;
	draft: ModifyDraft;
	set(change: Partial<ModifyDraft>): void;
	errorOf(field: string): string | undefined;
}

/** All fields of a running cache that can change, those that concern nodes first. */
export function ModifyFields({ cache, draft, set, errorOf }: ModifyFieldsProps) {
	return (
		<div className="flex min-w-0 flex-col gap-4">
			{isServerless(cache) ? (
				<Panel title="Engine">
					<div className="flex flex-col gap-4">
						{cache.protocol !== null && cache.evictionPolicy !== null && (
							<EvictionField
								value={draft.evictionPolicy ?? cache.evictionPolicy}
								protocol={cache.protocol}
								onChange={(evictionPolicy) => set({ evictionPolicy })}
								error={errorOf("evictionPolicy")}
							/>
						)}
						{cache.protocol === "standard" && (
							<SwitchField
								label="Change to the cluster protocol"
								name="toCluster"
								isOn={draft.toCluster}
								onChange={(toCluster) => set({ toCluster })}
								error={errorOf("protocol")}
								hint="The cache can then grow over many hosts. Clients wait while its nodes restart, about four seconds and fifteen more per GiB. From then on they should speak the cluster protocol: others work only until Larder adds a second shard. Commands on several keys need these keys in one slot, there is only database 0, and the reader endpoint goes."
							/>
						)}
						<KindFields cache={cache} draft={draft} set={set} errorOf={errorOf} />
					</div>
				</Panel>
			) : (
				<NodeFields cache={cache} draft={draft} set={set} errorOf={errorOf} />
			)}
			<Panel title="Persistence">
				<PersistenceField
					value={draft.persistence}
					onChange={(persistence) => set({ persistence })}
					obstacle={persistenceObstacle(cache)}
					error={errorOf("persistence")}
					hideLegend
				/>
			</Panel>
			<DetailFields cache={cache} draft={draft} set={set} errorOf={errorOf} />
		</div>
	);
}

/** What the nodes of a provisioned cache are. */
function NodeFields({ cache, draft, set, errorOf }: ModifyFieldsProps) {
	return (
		<Panel title="Nodes">
			<div className="flex flex-col gap-4">
				<ShapeFields cache={cache} draft={draft} set={set} errorOf={errorOf} />
				{cache.clusterMode === "enabled" && cache.shards.length > 1 && (
					<ShardReplicasField
						cache={cache}
						draft={draft}
						set={set}
						error={errorOf("shardReplicas")}
					/>
				)}
				<KindFields cache={cache} draft={draft} set={set} errorOf={errorOf} />
				<GroupField
					clusterMode={draft.toCluster ? "enabled" : cache.clusterMode}
					engine={engineOf(draft) ?? cache}
					value={draft.parameterGroup}
					onChange={(parameterGroup) => set({ parameterGroup })}
					error={errorOf("parameterGroup")}
				/>
				<FormTextField
					label="Zones"
					name="zones"
					value={draft.zones}
					onChange={(zones) => set({ zones })}
					autoComplete="off"
					placeholder="any"
					error={errorOf("zones")}
					hint="The zones that nodes may be in, separated by commas. Nodes in other zones move, unless they were moved by hand. Leave empty for any zone."
				/>
			</div>
		</Panel>
	);
}

/** What every cache has, and what nothing else depends on. */
function DetailFields({ draft, set, errorOf }: ModifyFieldsProps) {
	return (
		<Panel title="Details">
			<div className="flex flex-col gap-4">
				<FormTextField
					label="Description"
					name="description"
					value={draft.description}
					onChange={(description) => set({ description })}
					autoComplete="off"
					error={errorOf("description")}
				/>
				<FormTextField
					label="Maintenance window"
					name="maintenanceWindow"
					value={draft.maintenanceWindow}
					onChange={(maintenanceWindow) => set({ maintenanceWindow })}
					autoComplete="off"
					isMonospace
					error={errorOf("maintenanceWindow")}
					hint="Weekly, in UTC, 60 minutes to 24 hours, such as sun:05:00-sun:06:00."
				/>
				<SwitchField
					label="Deletion protection"
					name="deletionProtection"
					isOn={draft.deletionProtection}
					onChange={(deletionProtection) => set({ deletionProtection })}
					hint="The cache can't be deleted while this is on."
				/>
				<fieldset>
					<legend className="mb-1.5 font-medium">Tags</legend>
					<TagsEditor
						tags={draft.tags}
						onChange={(next) => set({ tags: next })}
						error={tagProblem(draft.tags) ?? errorOf("tags")}
					/>
				</fieldset>
			</div>
		</Panel>
	);
}

function GroupField(props: {
	/** The mode that the cache will have. */
	clusterMode: Cache["clusterMode"];
	/** The engine that the cache will have. */
	engine: Pick<Cache, "engine" | "engineVersion">;
	value: string;
	onChange: (value: string) => void;
	error: string | undefined;
}) {
	const { clusterMode, engine, value, onChange, error } = props;
	const trpc = useTRPC();
	const family = familyOf(engine.engine, engine.engineVersion);
	const groups = useQuery(trpc.parameterGroups.list.queryOptions({ family }));
	const options = groupOptions(groups.data?.items ?? [], clusterMode);
	const isKnown = options.some((option) => option.value === value);
	return (
		<SelectField
			label="Parameter group"
			value={value}
			options={isKnown ? options : [{ value, label: value }, ...options]}
			onChange={onChange}
			error={error ?? (groups.isError ? "Parameter groups couldn't be loaded." : undefined)}
		/>
	);
}
