import type { z } from "zod";
import type { monthSchema } from "../../contract/usage.ts";

/** What existing caches cost recently. */
export interface RecentCost {
	readonly cost: number;
	/** For how long within the last 24 hours the cache existed. */
	readonly cacheSeconds: number;
}

export function monthStart(now: Date): Date {
	return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
}

/** A shorter time says too little about a month. */
const ENOUGH_SECONDS = 3_600;

/**
 * The cost of the whole month if each cache goes on as it did recently. Caches younger than an hour aren't counted on; if
 * all are, there is no forecast.
 */
export function forecastMonth(
	now: Date,
	soFar: number,
	recent: readonly RecentCost[],
): z.infer<typeof monthSchema> {
	const end = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1));
	const leftSeconds = (end.getTime() - now.getTime()) / 1_000;
	const known = recent.filter(({ cacheSeconds }) => cacheSeconds >= ENOUGH_SECONDS);
	const perSecond = known.reduce((sum, { cost, cacheSeconds }) => sum + cost / cacheSeconds, 0);
	const isKnown = known.length > 0 || recent.length === 0;
	return {
		month: now.toISOString().slice(0, 7),
		soFar,
		forecast: isKnown ? soFar + perSecond * leftSeconds : null,
	};
}
