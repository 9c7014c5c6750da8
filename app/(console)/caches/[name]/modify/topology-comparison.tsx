import type { Cache, PreviewShard } from "../../../../../server/contract/cache-view.ts";
import { plural } from "../../../../_lib/format/count.ts";
import { isChanged, SlotLegend, TopologyPicture } from "../topology-preview.tsx";

const SHARDS_SHOWN = 12;

interface TopologyComparisonProps {
	cache: Cache;
	/** Whether a field that concerns nodes differs. */
	isAsked: boolean;
	/** The cache after the change; null unless it is known. */
	after: readonly PreviewShard[] | null;
}

/** The cache as it is, and beside it as it will be. Both show the same shards and zones, so that they can be compared. */
export function TopologyComparison({ cache, isAsked, after }: TopologyComparisonProps) {
	const now = presentTopology(cache);
	const changed = (after ?? []).filter(isChanged);
	const ids = new Set([...changed, ...(after ?? now)].slice(0, SHARDS_SHOWN).map(({ id }) => id));
	const shown = (shards: readonly PreviewShard[]) => shards.filter(({ id }) => ids.has(id));
	const zonesOf = (shards: readonly PreviewShard[]) =>
		shards.flatMap(({ nodes }) => nodes.map(({ zone }) => zone));
	const zones = [...new Set([...zonesOf(now), ...zonesOf(after ?? [])])].sort();
	const hidden = (after ?? now).length - ids.size;
	const movesSlots = changed.some(({ slots, slotsBefore }) => slots !== slotsBefore);
	return (
		<>
			<div className="grid gap-x-4 gap-y-5 min-[88rem]:grid-cols-2">
				<Picture title="Now">
					<TopologyPicture shards={shown(now)} zones={zones} hasShards={hasSlots(now)} />
				</Picture>
				<Picture title="After the change">
					{after === null || changed.length === 0 ? (
						<p className="rounded-lg border border-dashed border-border px-3 py-4 text-[0.8125rem] text-muted">
							{missingWords(isAsked, after)}
						</p>
					) : (
						<TopologyPicture shards={shown(after)} zones={zones} hasShards={hasSlots(after)} />
					)}
				</Picture>
			</div>
			{movesSlots && (
				<div className="mt-3">
					<SlotLegend />
				</div>
			)}
			{hidden > 0 && <p className="mt-3 text-xs text-muted">+ {plural(hidden, "more shard")}</p>}
		</>
	);
}

function hasSlots(shards: readonly PreviewShard[]): boolean {
	return shards.some(({ slots }) => slots !== null);
}

function missingWords(isAsked: boolean, after: readonly PreviewShard[] | null): string {
	if (!isAsked) return "Change a field that affects nodes to see the cache as it will be.";
	return after === null ? "Not available yet." : "No node is added, removed or moved.";
}

function Picture({ title, children }: { title: string; children: React.ReactNode }) {
	return (
		<section aria-label={`Topology ${title.toLowerCase()}`} className="min-w-0">
			<h3 className="mb-2 text-[0.8125rem] font-semibold">{title}</h3>
			{children}
		</section>
	);
}

function presentTopology({ engine, clusterMode, shards }: Cache): PreviewShard[] {
	return shards.map(({ id, slots, nodes }) => ({
		...{ id, change: "none", slotsBefore: slots, slots },
		nodes: nodes.map(({ id: node, role, zone, host }) => ({
			...{ node, zone, host, change: "none", from: null },
			role: role ?? (engine === "memcached" || clusterMode === null ? "node" : "replica"),
		})),
	}));
}
