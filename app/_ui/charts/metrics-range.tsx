"use client";

import { METRICS_RANGES } from "../../../server/contract/choices.ts";
import type { MetricsRange } from "../../../server/contract/metrics.ts";
import { oneOf } from "../../_lib/one-of.ts";
import { CALM_POLL_MS } from "../../_lib/queries.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { Segmented } from "../segmented.tsx";

const LONG_POLL_MS = 30_000;
const DEFAULT_RANGE: MetricsRange = "1h";
const OPTIONS = METRICS_RANGES.map((range) => ({ value: range, label: range }));

/** The range that the page's address names. */
export function useMetricsRange(): MetricsRange {
	const { params } = useUrlParams();
	return oneOf(METRICS_RANGES, params.get("range")) ?? DEFAULT_RANGE;
}

/** How often metrics of a range are worth reading again, in milliseconds. */
export function metricsPollMs(range: MetricsRange): number {
	return range === "15m" || range === "1h" ? CALM_POLL_MS : LONG_POLL_MS;
}

/** Lets the user choose the range, which goes into the page's address. */
export function MetricsRangeChoice() {
	const { change } = useUrlParams();
	return (
		<Segmented
			label="Time range"
			value={useMetricsRange()}
			options={OPTIONS}
			onChange={(next) => change({ range: next === DEFAULT_RANGE ? null : next })}
		/>
	);
}
