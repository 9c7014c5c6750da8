import { useState } from "react";
import { formatDateTime } from "../../_lib/format/time.ts";
import { useTimeZone } from "../../_lib/use-time-zone.ts";

/** The sample under the pointer, and its moment in words. */
export function useChartCursor(times: readonly number[]) {
	const [zone] = useTimeZone();
	const [index, setIndex] = useState<number | null>(null);
	const seconds = index === null ? undefined : times[index];
	return {
		index: seconds === undefined ? null : index,
		moment: seconds === undefined ? null : formatDateTime(new Date(seconds * 1_000), zone),
		setIndex,
	};
}
