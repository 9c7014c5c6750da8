"use client";

import type { TimeZoneChoice } from "./format/time.ts";
import { useStoredChoice } from "./stored-value.ts";

const CHOICES = ["utc", "local"] as const;

/** Whether times are shown in UTC (the default) or the browser's zone. */
export function useTimeZone(): [TimeZoneChoice, (zone: TimeZoneChoice) => void] {
	return useStoredChoice("larder.time-zone", CHOICES);
}
