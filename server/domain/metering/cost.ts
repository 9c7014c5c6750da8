import type { Engine } from "../../contract/enums.ts";
import type { RateCard } from "../../contract/rate-card.ts";

/** What a cache used in a span, without its cost. */
export interface Used {
	/** Bytes × seconds, of primaries. */
	readonly storedByteSeconds: number;
	readonly ecpus: number;
	readonly nodeSeconds: number;
	/** How long the cache existed. */
	readonly cacheSeconds: number;
}

export const NOTHING_USED: Used = {
	...{ storedByteSeconds: 0, ecpus: 0, nodeSeconds: 0, cacheSeconds: 0 },
};

/** Prices are for decimal gigabytes, as AWS's are. */
export const GB = 1_000_000_000;
const HOUR_SECONDS = 3_600;

export function gbHours(storedByteSeconds: number): number {
	return storedByteSeconds / GB / HOUR_SECONDS;
}

/** GB-hours that a serverless cache is billed: at least the engine's minimum for as long as it existed. */
export function billedGbHours(used: Used, engine: Engine, card: RateCard): number {
	const floor = (card.engines[engine].minimumGb * used.cacheSeconds) / HOUR_SECONDS;
	return Math.max(gbHours(used.storedByteSeconds), floor);
}

/** What a serverless cache's storage and ECPUs cost. */
export function serverlessCost(used: Used, engine: Engine, card: RateCard): number {
	const { perGbHour, perMillionEcpus } = card.engines[engine];
	return billedGbHours(used, engine, card) * perGbHour + (used.ecpus / 1_000_000) * perMillionEcpus;
}

export function plus(a: Used, b: Used): Used {
	return {
		storedByteSeconds: a.storedByteSeconds + b.storedByteSeconds,
		ecpus: a.ecpus + b.ecpus,
		nodeSeconds: a.nodeSeconds + b.nodeSeconds,
		cacheSeconds: a.cacheSeconds + b.cacheSeconds,
	};
}
