import { engineSchema } from "../../contract/enums.ts";
import type { CostGrouping, CostItem, Costs, CostsInput } from "../../contract/usage.ts";
import { type CostSum, readTagKeys, recentCosts, sumCosts } from "../../data/cost-sums.ts";
import type { Transaction } from "../../data/database.ts";
import { readSnapshot } from "../../data/read-snapshot.ts";
import { forecastMonth, monthStart } from "../../domain/metering/forecast.ts";
import { cover } from "../../domain/metering/spans.ts";
import { floorTo } from "../../domain/time-spans.ts";
import type { Resources } from "../context.ts";
import { rounded, toAmounts } from "./amounts.ts";
import { requirePeriod } from "./require-period.ts";

const DAY_MS = 86_400_000;

/** What caches cost in a period, deleted ones included, and what this month will cost. */
export async function getCosts(
	{ db, clock, rateCard }: Resources,
	input: CostsInput,
): Promise<Costs> {
	const { groupBy, tagKey } = input;
	const now = clock.now();
	const to = input.to === undefined ? now : new Date(input.to);
	const from = input.from === undefined ? monthStart(to) : new Date(input.from);
	requirePeriod(from, to);
	return readSnapshot(db, async (tx) => {
		const segments = cover(from, to, now);
		const sums = await sumCosts(tx, { groupBy, tagKey, segments, cacheIds: null });
		const items =
			groupBy === "cache"
				? await namedItems(tx, sums)
				: sums.map((sum) => ({ ...toItem(groupBy, sum), deletedAt: null }));
		return {
			currency: rateCard.currency,
			from: (segments[0]?.from ?? from).toISOString(),
			to: to.toISOString(),
			total: rounded(sums.reduce((sum, { cost }) => sum + cost, 0)),
			today: await todayOf(tx, now, null),
			month: await monthOf(tx, now, null),
			tagKeys: await readTagKeys(tx),
			items: inOrder(groupBy, items),
		};
	});
}

/** What all caches, or some, cost since midnight UTC. */
export async function todayOf(
	tx: Transaction,
	now: Date,
	cacheIds: readonly string[] | null,
): Promise<number> {
	const from = floorTo(now, DAY_MS);
	const segments = [{ spanSeconds: DAY_MS / 1_000, from, to: new Date(from.getTime() + DAY_MS) }];
	const days = await sumCosts(tx, { groupBy: "day", segments, cacheIds });
	return rounded(days.reduce((sum, { cost }) => sum + cost, 0));
}

/** This month so far and its forecast, of all caches or of some. */
export async function monthOf(
	tx: Transaction,
	now: Date,
	cacheIds: readonly string[] | null,
): Promise<Costs["month"]> {
	const segments = cover(monthStart(now), now, now);
	const months = await sumCosts(tx, { groupBy: "month", segments, cacheIds });
	const soFar = months.reduce((sum, { cost }) => sum + cost, 0);
	const recent = await recentCosts(tx, new Date(now.getTime() - DAY_MS), cacheIds);
	const month = forecastMonth(now, soFar, recent);
	const { forecast } = month;
	return {
		...month,
		soFar: rounded(month.soFar),
		forecast: forecast === null ? null : rounded(forecast),
	};
}

function toItem(groupBy: CostGrouping, sum: CostSum) {
	return {
		key: sum.key,
		engine: groupBy === "engine" ? engineSchema.parse(sum.key) : null,
		...toAmounts(sum),
	};
}

async function namedItems(tx: Transaction, sums: readonly CostSum[]): Promise<CostItem[]> {
	const ids = sums.flatMap(({ key }) => key ?? []);
	const rows = await tx.meteredCache.findMany({ where: { id: { in: ids } } });
	const byId = new Map(rows.map((row) => [row.id, row]));
	return sums.flatMap((sum) => {
		const cache = byId.get(sum.key ?? "");
		if (cache === undefined) return [];
		return [
			{
				...toAmounts(sum),
				key: cache.name,
				engine: engineSchema.parse(cache.engine),
				deletedAt: cache.deletedAt?.toISOString() ?? null,
			},
		];
	});
}

function inOrder(groupBy: CostGrouping, items: readonly CostItem[]): CostItem[] {
	const isTime = groupBy === "day" || groupBy === "month";
	const byKey = (a: CostItem, b: CostItem) => ((a.key ?? "") < (b.key ?? "") ? -1 : 1);
	return items.toSorted((a, b) => (isTime ? byKey(a, b) : b.cost - a.cost || byKey(a, b)));
}
