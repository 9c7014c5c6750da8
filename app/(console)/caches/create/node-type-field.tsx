"use client";

import type { NodeType } from "../../../../server/contract/node-type.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { formatMoney } from "../../../_lib/format/money.ts";
import { useNodeTypes, useRateCard } from "../../../_lib/queries.ts";
import { SelectField } from "../../../_ui/select-field.tsx";
import { errorSentence } from "./bind.ts";
import type { CreateForm } from "./use-create-form.ts";

const FAMILY_WORDS: Readonly<Record<string, string>> = {
	t: "burstable",
	m: "general purpose",
	r: "memory optimised",
};

/** "m7g · general purpose"; operators' own types come first, as they were made for these hosts. */
export function familyLabel({ family, custom }: NodeType): string {
	if (custom) return "Your own types";
	const words = FAMILY_WORDS[family.charAt(0)];
	return words === undefined ? family : `${family} · ${words}`;
}

export function NodeTypeField({ form }: { form: CreateForm }) {
	const nodeTypes = useNodeTypes();
	const { data: rateCard } = useRateCard();
	const items = nodeTypes.data?.items ?? [];
	const chosen = items.find(({ name }) => name === form.draft.nodeType);
	const cost = (type: NodeType) =>
		rateCard === undefined ? "" : ` · ${formatMoney(type.hourlyCost, rateCard.currency)} / hour`;
	const words = (type: NodeType) =>
		`${type.vcpus} vCPU · ${formatBytes(type.memoryBytes)}${cost(type)}`;
	const options = [...items]
		.sort((a, b) => Number(b.custom) - Number(a.custom))
		.map((type) => ({
			value: type.name,
			label: type.name,
			detail: words(type),
			group: familyLabel(type),
		}));
	return (
		<SelectField
			label="Node type"
			value={form.draft.nodeType}
			options={
				chosen === undefined
					? [{ value: form.draft.nodeType, label: form.draft.nodeType }, ...options]
					: options
			}
			onChange={(type) => form.set("nodeType", type)}
			error={
				errorSentence(form, "nodeType") ??
				(nodeTypes.isError ? "Node types couldn't be loaded." : undefined)
			}
			hint={
				chosen === undefined
					? "Memory and processors of each node."
					: `${words(chosen)}; ${formatBytes(chosen.usableMemoryBytes)} for data.`
			}
		/>
	);
}
