"use client";

import { useQuery } from "@tanstack/react-query";
import type { Cache } from "../../../../../server/contract/cache-view.ts";
import { engineTitle } from "../../../../_lib/engines.ts";
import { formatBytes } from "../../../../_lib/format/bytes.ts";
import { useNodeTypes } from "../../../../_lib/queries.ts";
import { useTRPC } from "../../../../_lib/trpc.ts";
import { SelectField } from "../../../../_ui/select-field.tsx";
import { SwitchField } from "../../../../_ui/switch-field.tsx";
import { byFamily } from "../../../node-types/family-label.ts";
import { pendingParametersOf } from "../../topology-words.ts";
import { laterEngines } from "./later-engines.ts";
import type { ModifyDraft } from "./modification.ts";

interface KindFieldsProps {
	cache: Cache;
	draft: ModifyDraft;
	set(change: Partial<ModifyDraft>): void;
	errorOf(field: string): string | undefined;
}

/** What the cache's nodes are: their type and their engine. */
export function KindFields({ cache, draft, set, errorOf }: KindFieldsProps) {
	const nodeTypes = useNodeTypes();
	const trpc = useTRPC();
	const versions = useQuery(trpc.engineVersions.list.queryOptions({}, { staleTime: 30_000 }));
	const types = byFamily(nodeTypes.data?.items ?? []).flatMap(([group, items]) =>
		items.map(({ name, vcpus, memoryBytes }) => {
			return {
				value: name,
				label: name,
				detail: `${vcpus} vCPU · ${formatBytes(memoryBytes)}`,
				group,
			};
		}),
	);
	const isKnown = types.some(({ value }) => value === draft.nodeType);
	const engines = laterEngines(cache, versions.data?.items ?? []);
	const pending = pendingParametersOf(cache);
	return (
		<>
			{cache.kind === "provisioned" && (
				<SelectField
					label="Node type"
					value={draft.nodeType}
					options={isKnown ? types : [{ value: draft.nodeType, label: draft.nodeType }, ...types]}
					onChange={(nodeType) => set({ nodeType })}
					error={
						errorOf("nodeType") ??
						(nodeTypes.isError ? "Node types couldn't be loaded." : undefined)
					}
				/>
			)}
			{engines.length > 0 && (
				<SelectField
					label="Engine version"
					value={draft.engine}
					options={[
						{ value: "", label: engineTitle(cache.engine, cache.engineVersion) },
						...engines,
					]}
					onChange={(engine) => set({ engine })}
					error={errorOf("engineVersion") ?? errorOf("engine")}
				/>
			)}
			{(pending.length > 0 || draft.parameterGroup !== cache.parameterGroup.name) && (
				<SwitchField
					label="Apply pending parameters"
					name="applyPending"
					isOn={draft.applyPending}
					onChange={(applyPending) => set({ applyPending })}
					hint="Restarts the nodes that need it, one per shard at a time."
				/>
			)}
		</>
	);
}
