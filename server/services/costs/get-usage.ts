import { AppError } from "../../contract/errors.ts";
import type { Usage, UsageInput, UsageUnit } from "../../contract/usage.ts";
import { readSnapshot } from "../../data/read-snapshot.ts";
import { readUsage, type UsageRow } from "../../data/usage-store.ts";
import { plus } from "../../domain/metering/cost.ts";
import { spanSecondsOf } from "../../domain/metering/spans.ts";
import { floorTo } from "../../domain/time-spans.ts";
import type { Resources } from "../context.ts";
import { toAmounts } from "./amounts.ts";
import { findMetered } from "./find-metered.ts";
import { requirePeriod } from "./require-period.ts";

const DEFAULT_SPANS: Readonly<Record<UsageUnit, number>> = { minute: 60, hour: 24, day: 31 };
const ITEMS_MAX = 5_000;

/** A cache's usage by minute, hour or day; caches that had the name one after another are added up. */
export async function getUsage(
	{ db, clock, rateCard }: Resources,
	input: UsageInput,
): Promise<Usage> {
	const { unit } = input;
	const spanSeconds = spanSecondsOf(unit);
	const spanMs = spanSeconds * 1_000;
	const to = input.to === undefined ? clock.now() : new Date(input.to);
	const first =
		input.from === undefined
			? new Date(to.getTime() - DEFAULT_SPANS[unit] * spanMs)
			: new Date(input.from);
	const from = floorTo(first, spanMs);
	requirePeriod(from, to);
	if ((to.getTime() - from.getTime()) / spanMs > ITEMS_MAX) {
		throw new AppError(
			"invalid_argument",
			`from is more than ${ITEMS_MAX} ${unit}s before to; ask for a shorter time or a coarser unit`,
			{ field: "from" },
		);
	}
	const rows = await readSnapshot(db, async (tx) => {
		const cacheIds = await findMetered(tx, input.cache);
		return readUsage(tx, { cacheIds, spanSeconds, from, to });
	});
	return {
		...{ unit, from: from.toISOString(), to: to.toISOString(), currency: rateCard.currency },
		items: byTime(rows).map((row) => ({ at: row.at.toISOString(), ...toAmounts(row) })),
	};
}

function byTime(rows: readonly UsageRow[]): UsageRow[] {
	const sums = new Map<number, UsageRow>();
	for (const row of rows) {
		const held = sums.get(row.at.getTime());
		sums.set(
			row.at.getTime(),
			held === undefined ? row : { ...held, ...plus(held, row), cost: held.cost + row.cost },
		);
	}
	return [...sums.values()];
}
