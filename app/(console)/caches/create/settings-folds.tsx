"use client";

import {
	CLIENT_PORT_RANGE,
	LIMITS,
	MEMCACHED_PORT_RANGE,
} from "../../../../server/contract/limits.ts";
import { plural } from "../../../_lib/format/count.ts";
import { Fold } from "../../../_ui/fold.tsx";
import { FormTextField } from "../../../_ui/form-fields.tsx";
import { SwitchField } from "../../../_ui/switch-field.tsx";
import { filledTags } from "../tags.ts";
import { TagsEditor } from "../tags-editor.tsx";
import { ZoneFields } from "./availability-fields.tsx";
import { bind, errorSentence } from "./bind.ts";
import { type DraftField, isCluster } from "./draft.ts";
import { FieldGroup } from "./field-group.tsx";
import { ParameterGroupField } from "./parameter-group-field.tsx";
import type { CreateForm } from "./use-create-form.ts";

function anyError(form: CreateForm, fields: readonly DraftField[]): boolean {
	return fields.some((field) => form.errorOf(field) !== undefined);
}

/** Zones, slots and port. */
export function PlacementFold({ form }: { form: CreateForm }) {
	const { draft } = form;
	const firstPort =
		draft.engine === "memcached" ? MEMCACHED_PORT_RANGE.first : CLIENT_PORT_RANGE.first;
	const words = [
		draft.zones.length === 0 ? "any zone" : `zones ${draft.zones.join(", ")}`,
		isCluster(draft) && (draft.slots.trim() === "" ? "slots spread evenly" : "slots as given"),
		draft.port.trim() === "" ? "automatic port" : `port ${draft.port.trim()}`,
	];
	return (
		<Fold
			title="Placement and port"
			summary={words.filter(Boolean).join(" · ")}
			isForcedOpen={anyError(form, ["zones", "slots", "port"])}
		>
			<ZoneFields form={form} />
			<FormTextField
				label="Port"
				isOptional
				{...bind(form, "port")}
				inputMode="numeric"
				autoComplete="off"
				placeholder="automatic"
				hint={`Leave empty to use the lowest free port from ${firstPort}.`}
				className="sm:max-w-[calc(50%-0.375rem)]"
			/>
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
		draft.parameterGroup === "" ? "default parameters" : draft.parameterGroup,
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
				<FormTextField
					label="Description"
					isOptional
					{...bind(form, "description")}
					autoComplete="off"
					hint="What the cache is for."
				/>
			</div>
			<SwitchField
				label="Deletion protection"
				name="deletionProtection"
				isOn={draft.deletionProtection}
				onChange={(isOn) => form.set("deletionProtection", isOn)}
				hint="The cache can't be deleted while this is on. Turn it off first."
			/>
			<FieldGroup legend="Tags" isOptional>
				<TagsEditor
					tags={draft.tags}
					onChange={(next) => form.set("tags", next)}
					onBlur={() => form.visit("tags")}
					error={errorSentence(form, "tags")}
				/>
			</FieldGroup>
		</Fold>
	);
}
