"use client";

import { LIMITS } from "../../../../server/contract/limits.ts";
import { plural } from "../../../_lib/format/count.ts";
import { Fold } from "../../../_ui/fold.tsx";
import { FormTextField } from "../../../_ui/form-fields.tsx";
import { filledTags } from "../tags.ts";
import { ZoneFields } from "./availability-fields.tsx";
import { bind } from "./bind.ts";
import {
	anyError,
	DescriptionField,
	PortField,
	ProtectionField,
	portWords,
	TagFields,
} from "./common-fields.tsx";
import { isCluster } from "./draft.ts";
import { ParameterGroupField } from "./parameter-group-field.tsx";
import type { CreateForm } from "./use-create-form.ts";

/** Zones, slots and port. */
export function PlacementFold({ form }: { form: CreateForm }) {
	const { draft } = form;
	const words = [
		draft.zones.length === 0 ? "any zone" : `zones ${draft.zones.join(", ")}`,
		isCluster(draft) && (draft.slots.trim() === "" ? "slots spread evenly" : "slots as given"),
		portWords(form),
	];
	return (
		<Fold
			title="Placement and port"
			summary={words.filter(Boolean).join(" · ")}
			isForcedOpen={anyError(form, ["zones", "slots", "port"])}
		>
			<ZoneFields form={form} />
			<PortField form={form} />
			{isCluster(draft) && (
				<FormTextField
					label="Slots"
					isOptional
					isMultiline
					isMonospace
					rows={3}
					{...bind(form, "slots")}
					placeholder={"0-5460\n5461-10922\n10923-16383"}
					hint={`One line per shard, such as 0-5460 or 0-100,200-300. Together they must cover all ${LIMITS.clusterSlots.toLocaleString("en-US")} slots, each once. Leave empty to spread them evenly.`}
				/>
			)}
		</Fold>
	);
}

/** Parameter group, tags, description, deletion protection. */
export function ParametersFold({ form }: { form: CreateForm }) {
	const { draft } = form;
	const tags = filledTags(draft.tags).length;
	const words = [
		draft.parameterGroup || (draft.snapshot === "" ? "default parameters" : "like the snapshot's"),
		tags === 0 ? "no tags" : plural(tags, "tag"),
		draft.deletionProtection && "protected from deletion",
	];
	return (
		<Fold
			title="Parameters and tags"
			summary={words.filter(Boolean).join(" · ")}
			isForcedOpen={anyError(form, ["parameterGroup", "tags", "description"])}
		>
			<div className="grid items-start gap-x-3 gap-y-5 sm:grid-cols-2">
				<ParameterGroupField form={form} />
				<DescriptionField form={form} />
			</div>
			<ProtectionField form={form} />
			<TagFields form={form} />
		</Fold>
	);
}
