"use client";

import { Button } from "@heroui/react";
import { useState } from "react";
import type { Cache, CacheNode } from "../../../../server/contract/cache-view.ts";
import { failoverObstacle } from "../../../_lib/failover.ts";
import { plural } from "../../../_lib/format/count.ts";
import { useOverview } from "../../../_lib/queries.ts";
import { ForAdministrators } from "../../../_ui/for-administrators.tsx";
import { Freshness } from "../../../_ui/freshness.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { nodesOf, slotWords } from "../topology-words.ts";
import { FailoverDialog, SlotsDialog } from "./lazy-dialogs.tsx";
import { NodeCard } from "./node-card.tsx";
import { SlotMoves, shardTitle, slotsInMotion } from "./slot-moves.tsx";
import { SlotStrip } from "./slot-strip.tsx";
import { TopologyGrid } from "./topology-grid.tsx";

const EMPTY_ZONES_SHOWN_UP_TO = 5;
/** The shards beyond these wait for a click, so that the page stays readable and quick. */
const SHARDS_SHOWN = 12;

/** The zones that hold nodes, or all zones if there are only a few. */
function columnsOf(nodes: readonly CacheNode[], fleetZones: readonly string[]): string[] {
	const own = new Set(nodes.map(({ zone }) => zone));
	const all = new Set([...own, ...fleetZones]);
	return [...(all.size <= EMPTY_ZONES_SHOWN_UP_TO ? all : own)].sort();
}

/** Zones are columns, shards are rows: where each node is, and how it is doing. */
export function Topology({ cache, updatedAtMs }: { cache: Cache; updatedAtMs: number }) {
	const { data: overview } = useOverview();
	const [showsAll, setShowsAll] = useState(false);
	const [failingOver, setFailingOver] = useState<string | null>(null);
	const [isMovingSlots, setIsMovingSlots] = useState(false);
	const nodes = nodesOf(cache);
	const zones = columnsOf(nodes, overview?.zones.map(({ name }) => name) ?? []);
	const hostsOf = (zone: string) => [
		...new Set(nodes.filter((node) => node.zone === zone).map(({ host }) => host)),
	];
	const hasShards = cache.engine !== "memcached";
	const canFailOver = failoverObstacle(cache) === null;
	// Larder spreads a serverless cache's slots itself.
	const canMoveSlots = cache.kind === "provisioned" && cache.shards.length > 1;
	const shards = showsAll ? cache.shards : cache.shards.slice(0, SHARDS_SHOWN);
	return (
		<Panel
			title="Topology"
			aside={
				<span className="flex items-center gap-3">
					<Freshness updatedAtMs={updatedAtMs} />
					{cache.clusterMode === "enabled" && canMoveSlots && (
						<ForAdministrators>
							<Button variant="outline" size="sm" onPress={() => setIsMovingSlots(true)}>
								Move slots
							</Button>
						</ForAdministrators>
					)}
				</span>
			}
		>
			{nodes.length === 0 ? (
				<p className="py-8 text-center text-sm text-muted">
					No nodes are placed yet. Zones and hosts appear here once Larder has chosen them.
				</p>
			) : (
				<TopologyGrid
					zones={zones}
					hasShards={hasShards}
					besideZone={(zone) => {
						const [host, ...others] = hostsOf(zone);
						return others.length === 0 && host !== undefined && host !== zone ? ` · ${host}` : null;
					}}
				>
					{shards.map((shard) => (
						<ShardRow
							key={shard.id}
							id={shard.id}
							label={hasShards ? shardTitle(shard.id) : null}
							slots={shard.slots}
							moves={cache.operation?.moves ?? null}
							nodes={shard.nodes}
							zones={zones}
							onFailover={
								canFailOver && shard.nodes.length > 1 ? () => setFailingOver(shard.id) : null
							}
						/>
					))}
				</TopologyGrid>
			)}
			<SlotMoves moves={cache.operation?.moves ?? []} />
			{cache.shards.length > SHARDS_SHOWN && (
				<Button
					variant="outline"
					size="sm"
					className="mt-3"
					onPress={() => setShowsAll((shown) => !shown)}
				>
					{showsAll
						? `Show the first ${SHARDS_SHOWN} shards`
						: `+ ${plural(cache.shards.length - SHARDS_SHOWN, "more shard")}`}
				</Button>
			)}
			{failingOver !== null && (
				<FailoverDialog cache={cache} shard={failingOver} onClose={() => setFailingOver(null)} />
			)}
			{isMovingSlots && <SlotsDialog cache={cache} onClose={() => setIsMovingSlots(false)} />}
		</Panel>
	);
}

type SlotMove = NonNullable<Cache["operation"]>["moves"][number];

interface ShardRowProps {
	id: string;
	/** Null where there are no shards. */
	label: string | null;
	slots: string | null;
	/** Moves of slots between any shards; null while nothing changes. */
	moves: readonly SlotMove[] | null;
	nodes: readonly CacheNode[];
	zones: readonly string[];
	/** Null if the shard can't fail over, such as a new one whose nodes have no places yet. */
	onFailover: (() => void) | null;
}

function ShardRow({ id, label, slots, moves, nodes, zones, onFailover }: ShardRowProps) {
	return (
		<>
			{label !== null && (
				<div className="min-w-0 self-center">
					<p className="font-semibold">{label}</p>
					<p className="text-xs break-words text-muted tabular-nums">{slotWords(slots)}</p>
					{moves !== null && slots !== null && (
						<SlotStrip {...slotsInMotion({ id, slots }, moves)} isLive />
					)}
					{onFailover !== null && (
						<ForAdministrators>
							<Button
								variant="ghost"
								size="sm"
								className="-ml-2 h-6 px-2 text-xs text-accent-soft-foreground"
								aria-label={`Fail over ${label.toLowerCase()}`}
								onPress={onFailover}
							>
								Fail over
							</Button>
						</ForAdministrators>
					)}
				</div>
			)}
			{zones.map((zone) => (
				<ZoneCell key={zone} nodes={nodes.filter((node) => node.zone === zone)} />
			))}
		</>
	);
}

function ZoneCell({ nodes }: { nodes: readonly CacheNode[] }) {
	if (nodes.length === 0) {
		return (
			<div className="topology-empty min-h-17 rounded-xl border border-dashed border-border" />
		);
	}
	return (
		<ul className="flex min-w-0 flex-col gap-2">
			{nodes.map((node) => (
				<NodeCard key={node.id} node={node} />
			))}
		</ul>
	);
}
