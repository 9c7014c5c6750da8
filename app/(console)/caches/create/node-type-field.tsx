"use client";

import { nodeHourlyCost } from "../../../../server/contract/node-price.ts";
import type { NodeType } from "../../../../server/contract/node-type.ts";
import type { RateCard } from "../../../../server/contract/rate-card.ts";
import { usableMemoryBytes } from "../../../../server/contract/usable-memory.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { formatMoney } from "../../../_lib/format/money.ts";
import { useNodeTypes, useRateCard } from "../../../_lib/queries.ts";
import { SelectField } from "../../../_ui/select-field.tsx";
import { byFamily } from "../../node-types/family-label.ts";
import { errorSentence } from "./bind.ts";
import { roomProblem } from "./room-problem.ts";
import type { CreateForm } from "./use-create-form.ts";
import { useOnlineHosts } from "./use-online-hosts.ts";

export function NodeTypeField({ form }: { form: CreateForm }) {
	const nodeTypes = useNodeTypes();
	const { data: rateCard } = useRateCard();
	const items = nodeTypes.data?.items ?? [];
	const chosen = items.find(({ name }) => name === form.draft.nodeType);
	const cost = (type: NodeType) =>
		rateCard === undefined
			? ""
			: ` · ${formatMoney(hourlyCost(rateCard, type), rateCard.currency)} / hour`;
	const hourlyCost = (card: RateCard, { name: nodeType, memoryBytes }: NodeType) =>
		nodeHourlyCost(card, { engine: form.draft.engine, nodeType, memoryBytes });
	const words = (type: NodeType) =>
		`${type.vcpus} vCPU · ${formatBytes(type.memoryBytes)}${cost(type)}`;
	const hosts = useOnlineHosts();
	const options = byFamily(items).flatMap(([group, types]) =>
		types.map((type) => {
			const obstacle = hosts === undefined ? null : roomProblem(type, hosts);
			const detail = obstacle === null ? words(type) : `${words(type)} · ${obstacle}`;
			return { value: type.name, label: type.name, detail, group };
		}),
	);
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
					: `${words(chosen)}; ${formatBytes(usableMemoryBytes({ engine: form.draft.engine, memoryBytes: chosen.memoryBytes, overrides: {} }))} for data.`
			}
		/>
	);
}
