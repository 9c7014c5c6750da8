"use client";

import { useQuery } from "@tanstack/react-query";
import type { ParameterGroupSummary } from "../../../../server/contract/parameter-group.ts";
import { familyName, familyOf } from "../../../_lib/engines.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { SelectField } from "../../../_ui/select-field.tsx";
import { errorSentence } from "./bind.ts";
import { useEngineVersions } from "./engine-fields.tsx";
import type { CreateForm } from "./use-create-form.ts";

const DEFAULT = "default";

/** Groups of the engine's family. Those for the other cluster mode are shown, with the reason they can't be had. */
export function ParameterGroupField({ form }: { form: CreateForm }) {
	const trpc = useTRPC();
	const { engine, engineVersion, clusterMode, parameterGroup } = form.draft;
	const { newest } = useEngineVersions(engine);
	const family = familyOf(engine, engineVersion === "" ? newest : engineVersion);
	const groups = useQuery(trpc.parameterGroups.list.queryOptions({ family }, { staleTime: 5_000 }));
	const own = groups.data?.items.filter(({ isDefault }) => !isDefault) ?? [];
	const fits = (group: ParameterGroupSummary) =>
		group.clusterMode === null || group.clusterMode === clusterMode;
	const options = [
		{
			value: DEFAULT,
			label: `Default of ${familyName(family)}`,
			detail: "The engine's own values.",
		},
		...own.map((group) => ({
			value: group.name,
			label: group.name,
			isDisabled: !fits(group),
			detail: fits(group)
				? group.description
				: `Is for cluster mode ${group.clusterMode === "enabled" ? "on: it sets" : "off: it doesn't set"} cluster-enabled.`,
		})),
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
					? `There is no own group of ${familyName(family)} yet; make one under Parameter groups.`
					: "The engine's settings, kept under a name."
			}
		/>
	);
}
