import { DEFAULT_RATE_CARD } from "../../contract/default-rate-card.ts";
import { engineSchema } from "../../contract/enums.ts";
import { HOURS_PER_MONTH, nodeHourlyCost } from "../../contract/node-price.ts";
import { NODE_TYPES, type NodeTypeSize } from "../../contract/node-type-catalog.ts";
import type { RateCard } from "../../contract/rate-card.ts";
import { formatGib } from "../../contract/units.ts";
import type { CacheCosts, CostEstimate } from "../../contract/usage.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import { readPeaks } from "../../data/cache-peaks.ts";
import { hourlyCostOf, wantedNodeCount } from "../../data/cache-view.ts";
import type { Transaction } from "../../data/database.ts";
import { readSnapshot } from "../../data/read-snapshot.ts";
import { isServerless } from "../../data/serverless-rows.ts";
import { readUsage } from "../../data/usage-store.ts";
import {
	gbHours,
	NOTHING_USED,
	plus,
	serverlessCost,
	type Used,
} from "../../domain/metering/cost.ts";
import { neededSize, type Peaks } from "../../domain/metering/needed-size.ts";
import { findCache } from "../caches/find-cache.ts";
import type { Resources } from "../context.ts";
import { rounded } from "./amounts.ts";
import { monthOf, todayOf } from "./get-costs.ts";

const DAY_MS = 86_400_000;
/** What estimates rest on. */
const SAMPLE_DAYS = 30;
const SAMPLE_HOURS_ENOUGH = 1;

/** What a cache costs, and what it would cost in other forms by what it has used. */
export async function getCacheCosts(
	{ db, clock, rateCard }: Resources,
	input: { name: string },
): Promise<CacheCosts> {
	const now = clock.now();
	return readSnapshot(db, async (tx) => {
		const row = await findCache(tx, input.name);
		const cacheIds = [row.id];
		return {
			currency: rateCard.currency,
			today: await todayOf(tx, now, cacheIds),
			month: await monthOf(tx, now, cacheIds),
			comparison: await compare(tx, row, rateCard, now),
		};
	});
}

async function compare(
	tx: Transaction,
	row: FullCache,
	card: RateCard,
	now: Date,
): Promise<CacheCosts["comparison"]> {
	const from = new Date(now.getTime() - SAMPLE_DAYS * DAY_MS);
	const rows = await readUsage(tx, { cacheIds: [row.id], spanSeconds: 3_600, from, to: now });
	const used = rows.reduce<Used>(plus, NOTHING_USED);
	const sampleHours = rounded(used.cacheSeconds / 3_600);
	const none = { present: null, serverless: null, provisioned: null, aws: null, needs: null };
	if (sampleHours < SAMPLE_HOURS_ENOUGH) {
		const minutes = Math.floor(sampleHours * 60);
		const reason = `Larder has metered this cache for ${minutes} min; estimates need an hour of usage.`;
		return { sampleHours, reason, ...none };
	}
	const peaks = await readPeaks(tx, row.id, from);
	const own = await tx.nodeType.findMany({ orderBy: { name: "asc" } });
	const types = new Map([
		...NODE_TYPES,
		...own.map((type) => [type.name, { ...type, memoryBytes: Number(type.memoryBytes) }] as const),
	]);
	const { provisioned, needs } = fitting(row, card, types, peaks);
	return {
		...{ sampleHours, reason: null, provisioned, needs },
		present: presentCost(row, card, used),
		serverless: asServerless(row, card, used),
		aws: { ...onAws(row, used), currency: DEFAULT_RATE_CARD.currency },
	};
}

function monthly(hourlyCost: number, what: string): CostEstimate {
	return { monthlyCost: rounded(hourlyCost * HOURS_PER_MONTH), what };
}

function asServerless(row: FullCache, card: RateCard, used: Used): CostEstimate {
	const engine = engineSchema.parse(row.engine);
	const hours = used.cacheSeconds / 3_600;
	const gb = gbHours(used.storedByteSeconds) / hours;
	const { minimumGb } = card.engines[engine];
	const stored =
		gb < minimumGb
			? `${minimumGb} GB stored, the minimum (it stored ${gb.toPrecision(2)} GB on average)`
			: `${gb.toPrecision(3)} GB stored on average`;
	const perMonth = (used.ecpus / hours) * HOURS_PER_MONTH;
	return monthly(
		serverlessCost(used, engine, card) / hours,
		`${stored}, and ${compactCount(perMonth)} ECPUs a month.`,
	);
}

function presentCost(row: FullCache, card: RateCard, used: Used): CostEstimate {
	const hourly = hourlyCostOf(row, card);
	if (hourly === null) return asServerless(row, card, used);
	return monthly(hourly, `${nodesText(wantedNodeCount(row), row.nodeType)}.`);
}

/**
 * AWS has no types but the catalog's: another type counts as the cheapest of at least that memory, and one that is larger than
 * all of them as several of the largest.
 */
function onAws(row: FullCache, used: Used): CostEstimate {
	const engine = engineSchema.parse(row.engine);
	if (isServerless(row)) return asServerless(row, DEFAULT_RATE_CARD, used);
	const memoryBytes = Number(row.nodeMemoryBytes);
	const hourly = ([nodeType, size]: readonly [string, NodeTypeSize]) =>
		nodeHourlyCost(DEFAULT_RATE_CARD, { engine, nodeType, memoryBytes: size.memoryBytes });
	const own = NODE_TYPES.get(row.nodeType);
	const [cheapest] = [...NODE_TYPES]
		.filter(([, each]) => each.memoryBytes >= memoryBytes)
		.toSorted((a, b) => hourly(a) - hourly(b));
	const [largest] = [...NODE_TYPES].toSorted(([, a], [, b]) => b.memoryBytes - a.memoryBytes);
	const type = own === undefined ? (cheapest ?? largest) : ([row.nodeType, own] as const);
	if (type === undefined) throw new Error("the catalog has no node types");
	const each = Math.ceil(memoryBytes / type[1].memoryBytes);
	const nodes = wantedNodeCount(row) * Math.max(1, each);
	const why = each > 1 ? `; AWS has no node with ${formatGib(memoryBytes)}` : "";
	return monthly(nodes * hourly(type), `${nodesText(nodes, type[0])} in us-east-1${why}.`);
}

/** The nodes that would do, and why. */
function fitting(
	row: FullCache,
	card: RateCard,
	nodeTypes: ReadonlyMap<string, NodeTypeSize>,
	peaks: Peaks,
): { provisioned: CostEstimate | null; needs: string } {
	const engine = engineSchema.parse(row.engine);
	const isMemcached = engine === "memcached";
	const canShard = isMemcached || isServerless(row) || row.clusterMode === "enabled";
	const replicasPerShard = isServerless(row) ? 1 : row.replicasPerShard;
	const found = neededSize({ engine, peaks, canShard, replicasPerShard, nodeTypes, card });
	const most = `At its busiest it took ${formatGib(peaks.dataBytes)}, ${peaks.cores.toFixed(2)} processor cores and ${Math.round(peaks.clients)} connections.`;
	if (found === null) {
		return {
			provisioned: null,
			needs: `${most} No cache can have enough nodes for that.`,
		};
	}
	const { nodes, shards, nodeType, needsCluster } = found;
	const isSpread = (canShard && !isMemcached) || needsCluster;
	const spread = isSpread ? `, in ${shards} shard${shards === 1 ? "" : "s"}` : "";
	const mode = needsCluster ? " with cluster mode" : "";
	const what = `${nodesText(nodes, nodeType)}${spread}${mode}.`;
	const reason = needsCluster ? " No node type is large enough for that alone." : "";
	return {
		provisioned: monthly(found.hourlyCost, what),
		needs: `${most}${reason} With a fifth to spare, ${what.slice(0, -1)} would be enough.`,
	};
}

function nodesText(nodes: number, nodeType: string): string {
	return `${nodes} node${nodes === 1 ? "" : "s"} of ${nodeType}`;
}

/** `1.2 million`, `340 thousand`: for sentences. */
function compactCount(count: number): string {
	if (count >= 1e9) return `${(count / 1e9).toPrecision(3)} billion`;
	if (count >= 1e6) return `${(count / 1e6).toPrecision(3)} million`;
	if (count >= 1e4) return `${Math.round(count / 1e3)} thousand`;
	return String(Math.round(count));
}
