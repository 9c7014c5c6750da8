"use client";

import type { ReactNode } from "react";
import { nodeHourlyCost } from "../../../../server/contract/node-price.ts";
import { usableMemoryBytes } from "../../../../server/contract/usable-memory.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { plural } from "../../../_lib/format/count.ts";
import { formatMoney, monthlyCost } from "../../../_lib/format/money.ts";
import { useNodeTypes, useRateCard } from "../../../_lib/queries.ts";
import { classNames } from "../../../_ui/class-names.ts";
import { Panel } from "../../../_ui/panel.tsx";
import { Bytes } from "../../../_ui/quantity.tsx";
import { BlockSkeleton } from "../../../_ui/skeletons.tsx";
import { AsCode } from "./as-code-panel.tsx";
import { type Draft, isCluster, nodeCountOf, shardsOf } from "./draft.ts";
import { PlacementPicture } from "./placement-picture.tsx";
import type { ZoneRoom } from "./preview-placement.ts";
import { Fact } from "./summary-fact.tsx";
import type { CreateForm } from "./use-create-form.ts";
import { usePreview } from "./use-preview.ts";

/** What clients will be given. */
function endpointWords(draft: Draft): string {
	if (draft.engine === "memcached") {
		return `Configuration with auto discovery, ${plural(draft.nodes, "node")}`;
	}
	if (isCluster(draft)) return `Configuration, ${plural(nodeCountOf(draft), "node")}`;
	return `Primary, reader, ${plural(nodeCountOf(draft), "node")}`;
}

interface SummaryProps {
	form: CreateForm;
	/** The form's buttons. */
	footer: ReactNode;
}

/** What the choices add up to: where nodes go, what they take and cost, and the same request as code. */
export function Summary({ form, footer }: SummaryProps) {
	const { draft, fleet, request } = form;
	const preview = usePreview(draft, fleet);
	const nodeTypes = useNodeTypes();
	const { data: rateCard } = useRateCard();
	const type = nodeTypes.data?.items.find(({ name }) => name === draft.nodeType);
	const isMemcached = draft.engine === "memcached";
	const nodeCount = nodeCountOf(draft);
	const dataNodes = isMemcached ? draft.nodes : shardsOf(draft);
	return (
		<Panel title="What you will get">
			{preview === null ? (
				<BlockSkeleton className="h-24" label="Loading hosts" />
			) : (
				<PlacementPicture
					preview={preview}
					shards={shardsOf(draft)}
					nodesPerShard={isMemcached ? draft.nodes : draft.replicas + 1}
				/>
			)}
			<dl className="mt-3.5 flex flex-col gap-1.5 text-[0.8125rem]">
				<Fact label="Usable memory">
					<span className="font-semibold">
						<Bytes
							value={
								type === undefined
									? null
									: usableMemoryBytes({
											engine: form.draft.engine,
											memoryBytes: type.memoryBytes,
											overrides: {},
										}) * dataNodes
							}
						/>
					</span>
				</Fact>
				<Fact label={`Used by ${plural(nodeCount, "node")}`}>
					<Bytes value={type === undefined ? null : type.memoryBytes * nodeCount} />
					{type !== undefined && ` · ${type.vcpus * nodeCount} vCPU`}
				</Fact>
				{preview !== null && preview.roomLeft.length > 0 && (
					<RoomLeft rooms={preview.roomLeft} nodeBytes={type?.memoryBytes ?? 0} />
				)}
				<Fact label="Endpoints">{endpointWords(draft)}</Fact>
				<Fact label="Cost">
					{type === undefined || rateCard === undefined ? (
						<span className="text-muted">–</span>
					) : (
						<Cost
							hourly={
								nodeCount *
								nodeHourlyCost(rateCard, {
									...{ engine: draft.engine, nodeType: type.name },
									memoryBytes: type.memoryBytes,
								})
							}
							currency={rateCard.currency}
						/>
					)}
				</Fact>
			</dl>
			<AsCode request={request} />
			<div className="mt-4 flex justify-between gap-2">{footer}</div>
		</Panel>
	);
}

function Cost({ hourly, currency }: { hourly: number; currency: string }) {
	return (
		<>
			<span className="text-muted">{formatMoney(hourly, currency)} / hour · </span>
			<span className="font-semibold whitespace-nowrap">
				{formatMoney(monthlyCost(hourly), currency)} / month
			</span>
		</>
	);
}

const ROOMS_SHOWN = 4;

/** Zones where not even one more such node fits stand out. */
function RoomLeft({ rooms, nodeBytes }: { rooms: readonly ZoneRoom[]; nodeBytes: number }) {
	const rest = rooms.length - ROOMS_SHOWN;
	return (
		<Fact label="Room left afterward">
			<span className="inline-flex flex-wrap justify-end gap-x-3">
				{rooms.slice(0, ROOMS_SHOWN).map(({ zone, bytes }) => (
					<span key={zone} className="whitespace-nowrap">
						<span className="text-muted">{zone}</span>{" "}
						<span className={classNames(bytes < nodeBytes && "text-warning-soft-foreground")}>
							{formatBytes(bytes)}
						</span>
					</span>
				))}
				{rest > 0 && <span className="text-muted">and {plural(rest, "more zone")}</span>}
			</span>
		</Fact>
	);
}
