import type { MetricsRange } from "../../contract/metrics.ts";

/** How fine samples are, and how long they are kept, in seconds. The first is what agents send. */
export const RESOLUTIONS = [
	{ seconds: 5, keepSeconds: 3_600 + 300 },
	{ seconds: 60, keepSeconds: 25 * 3_600 },
	{ seconds: 900, keepSeconds: 31 * 24 * 3_600 },
] as const;

/** No sample is older. */
export const SAMPLES_KEPT_SECONDS = Math.max(...RESOLUTIONS.map(({ keepSeconds }) => keepSeconds));

/** Samples of the other resolutions are averages, made as samples arrive. */
export const ROLLUP_SECONDS: readonly number[] = RESOLUTIONS.slice(1).map(
	(resolution) => resolution.seconds,
);

export const RANGE_SECONDS: Readonly<Record<MetricsRange, number>> = {
	"15m": 900,
	"1h": 3_600,
	"6h": 6 * 3_600,
	"24h": 24 * 3_600,
	"7d": 7 * 24 * 3_600,
	"30d": 30 * 24 * 3_600,
};

interface Resolution {
	readonly seconds: number;
	readonly keepSeconds: number;
}

/** The finest resolution that is kept for the whole range. */
export function chooseResolution(
	range: MetricsRange,
	resolutions: readonly [Resolution, ...Resolution[]] = RESOLUTIONS,
): number {
	const fit = resolutions.find(({ keepSeconds }) => keepSeconds >= RANGE_SECONDS[range]);
	return (fit ?? resolutions.at(-1) ?? resolutions[0]).seconds;
}
