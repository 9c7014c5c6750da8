import { ArrowRight, Minus, Pencil, Plus } from "lucide-react";
import type { PreviewNode, PreviewShard } from "../../../../server/contract/cache-view.ts";
import {
	commonSlots,
	countSlots,
	formatSlots,
	readSlots,
	withoutSlots,
} from "../../../../server/contract/slots.ts";
import { formatCount, plural } from "../../../_lib/format/count.ts";
import { classNames } from "../../../_ui/class-names.ts";
import { roleWord } from "../topology-words.ts";
import { shardTitle } from "./slot-moves.tsx";
import { SlotStrip } from "./slot-strip.tsx";
import { TopologyGrid } from "./topology-grid.tsx";

const SHARDS_SHOWN = 12;

/** The cache as it will be: zones are columns, shards are rows; additions, removals, moves and changes are marked. */
export function TopologyPreview({ topology }: { topology: readonly PreviewShard[] }) {
	const changed = topology.filter(isChanged);
	if (changed.length === 0) return null;
	const zones = [...new Set(topology.flatMap(({ nodes }) => nodes.map(({ zone }) => zone)))].sort();
	const hidden = changed.length - SHARDS_SHOWN;
	const unchanged = topology.length - changed.length;
	return (
		<section
			aria-label="Topology after the change"
			className="rounded-xl border border-border p-3.5"
		>
			<div className="flex flex-wrap items-baseline justify-between gap-x-3 gap-y-1">
				<h3 className="text-[0.8125rem] font-semibold">After the change</h3>
				{topology.some(({ slots, slotsBefore }) => slots !== slotsBefore) && <SlotLegend />}
			</div>
			<div className="mt-2">
				<TopologyPicture
					shards={changed.slice(0, SHARDS_SHOWN)}
					zones={zones}
					hasShards={topology.some(({ slots }) => slots !== null)}
				/>
			</div>
			{hidden > 0 && (
				<p className="mt-2 text-xs text-muted">+ {plural(hidden, "more changed shard")}</p>
			)}
			{unchanged > 0 && (
				<p className="mt-2 text-xs text-muted">
					{plural(unchanged, "shard")} {unchanged === 1 ? "stays as it is" : "stay as they are"}.
				</p>
			)}
		</section>
	);
}

interface TopologyPictureProps {
	shards: readonly PreviewShard[];
	zones: readonly string[];
	hasShards: boolean;
}

/** Zones are columns, shards are rows. */
export function TopologyPicture({ shards, zones, hasShards }: TopologyPictureProps) {
	return (
		<TopologyGrid zones={zones} hasShards={hasShards} isCompact>
			{shards.map((shard) => (
				<ShardRow key={shard.id} shard={shard} zones={zones} isNamed={hasShards} />
			))}
		</TopologyGrid>
	);
}

/** What the strips' colors mean. The numbers beside them say the same. */
export function SlotLegend() {
	const entries = [
		["bg-accent", "stay"],
		["bg-warning", "leave"],
		["bg-success", "arrive"],
	] as const;
	return (
		<p aria-hidden className="flex gap-3 text-xs text-muted">
			Slots that
			{entries.map(([color, word]) => (
				<span key={word} className="flex items-center gap-1">
					<span className={classNames("h-1.5 w-3 rounded-full", color)} />
					{word}
				</span>
			))}
		</p>
	);
}

export function isChanged({ change, slots, slotsBefore, nodes }: PreviewShard): boolean {
	return change !== "none" || slots !== slotsBefore || nodes.some((node) => node.change !== "none");
}

interface ShardRowProps {
	shard: PreviewShard;
	zones: readonly string[];
	isNamed: boolean;
}

function ShardRow({ shard, zones, isNamed }: ShardRowProps) {
	return (
		<>
			{isNamed && (
				<div className="min-w-0 self-center text-xs">
					<p
						className={classNames(
							"text-[0.8125rem] font-semibold",
							shard.change === "removed" && "text-muted line-through",
						)}
					>
						{shardTitle(shard.id)}
						{shard.change === "added" && <span className="font-normal text-success"> new</span>}
						{shard.change === "removed" && <span className="sr-only"> is removed</span>}
					</p>
					<Slots shard={shard} />
				</div>
			)}
			{zones.map((zone) => {
				const nodes = shard.nodes.filter((node) => node.zone === zone);
				return nodes.length === 0 ? (
					<div
						key={zone}
						className="topology-empty min-h-9 rounded-lg border border-dashed border-border"
					/>
				) : (
					<ul key={zone} className="flex min-w-0 flex-col gap-1.5">
						{nodes.map((node, index) => (
							<NodeChip key={node.node ?? `${zone} ${index}`} node={node} />
						))}
					</ul>
				);
			})}
		</>
	);
}

/** How many slots the shard will have, gain and give up, and which. */
function Slots({ shard: { slots, slotsBefore } }: { shard: PreviewShard }) {
	if (slots === null) return null;
	const [before, after] = [readSlots(slotsBefore), readSlots(slots)];
	const going = withoutSlots(before, after);
	const coming = withoutSlots(after, before);
	const words = [
		...(countSlots(coming) > 0 ? [`+${formatCount(countSlots(coming))}`] : []),
		...(countSlots(going) > 0 ? [`−${formatCount(countSlots(going))}`] : []),
	];
	return (
		<>
			<p className="text-muted tabular-nums">
				{formatCount(countSlots(after))} slots{words.length > 0 && ` (${words.join(", ")})`}
			</p>
			<SlotStrip
				kept={formatSlots(commonSlots(before, after))}
				going={formatSlots(going)}
				coming={formatSlots(coming)}
			/>
		</>
	);
}

const LOOKS = {
	none: { icon: null, className: "border-border bg-surface", word: "" },
	added: { icon: Plus, className: "border-success bg-success-soft", word: "new" },
	removed: {
		icon: Minus,
		className: "border-dashed border-border text-muted line-through",
		word: "is removed",
	},
	moved: { icon: ArrowRight, className: "border-warning bg-warning-soft", word: "moves" },
	changed: { icon: Pencil, className: "border-accent bg-surface", word: "changes" },
} as const;

function NodeChip({ node: { node, role, host, zone, change, from } }: { node: PreviewNode }) {
	const { icon: Icon, className, word } = LOOKS[change];
	const place = from === null ? `on ${host}` : `from ${from} to ${host}`;
	return (
		<li
			title={
				node === null ? `New ${role} on ${host}` : [node, word, place].filter(Boolean).join(" ")
			}
			className={classNames(
				"flex min-w-0 items-center gap-1.5 rounded-lg border px-2 py-1.5 text-xs leading-4",
				className,
			)}
		>
			{Icon !== null && <Icon aria-hidden className="size-3.5 shrink-0" />}
			<span className="truncate font-semibold">
				{roleWord(role)}
				<span className="topology-zone-of-node font-normal"> · {zone}</span>
			</span>
			<span className="sr-only">{word}</span>
			<span className="ml-auto truncate text-muted">
				{from === null ? (host === zone ? "" : host) : `from ${from}`}
			</span>
		</li>
	);
}
