"use client";

import { useQuery } from "@tanstack/react-query";
import { familyOf } from "../../../../server/contract/offered-versions.ts";
import { familyName } from "../../../_lib/engines.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { SelectField } from "../../../_ui/select-field.tsx";
import { groupOptions } from "../group-options.ts";
import { errorSentence } from "./bind.ts";
import type { CreateForm } from "./use-create-form.ts";
import { useUsualVersion } from "./use-usual-version.ts";

const DEFAULT = "default";

/** Groups of the engine's family. */
export function ParameterGroupField({ form }: { form: CreateForm }) {
	const trpc = useTRPC();
	const { engine, engineVersion, clusterMode, parameterGroup } = form.draft;
	const usual = useUsualVersion(form);
	const family = familyOf(engine, engineVersion || usual);
	const groups = useQuery(trpc.parameterGroups.list.queryOptions({ family }, { staleTime: 5_000 }));
	const all = groups.data?.items ?? [];
	const own = all.filter(({ isDefault }) => !isDefault);
	const hasSnapshot = form.draft.snapshot !== "";
	const options = [
		hasSnapshot
			? {
					value: DEFAULT,
					label: "Like the snapshot's",
					detail: "Larder's default values for another version or cluster mode.",
				}
			: {
					value: DEFAULT,
					label: `Default for ${familyName(family)}`,
					detail: "Larder's default values.",
				},
		...groupOptions(hasSnapshot ? all : own, clusterMode),
	];
	const isKnown = options.some(({ value }) => value === parameterGroup);
	return (
		<SelectField
			label="Parameter group"
			value={parameterGroup === "" ? DEFAULT : parameterGroup}
			options={
				parameterGroup === "" || isKnown
					? options
					: [...options, { value: parameterGroup, label: parameterGroup }]
			}
			onChange={(value) => form.set("parameterGroup", value === DEFAULT ? "" : value)}
			error={
				errorSentence(form, "parameterGroup") ??
				(groups.isError ? "Parameter groups couldn't be loaded." : undefined)
			}
			hint={
				own.length === 0
					? `You have no ${familyName(family)} group yet. Create one under Parameter groups.`
					: "A named set of engine settings."
			}
		/>
	);
}
