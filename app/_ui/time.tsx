"use client";

import { formatClock, formatDateTime, formatRelative } from "../_lib/format/time.ts";
import { useNow } from "../_lib/use-now.ts";
import { useTimeZone } from "../_lib/use-time-zone.ts";

interface TimeProps {
	/** ISO 8601 */
	value: string | null;
	look?: "full" | "clock" | "relative";
}

/** A time in the zone that the user chose; hovering shows it in full. */
export function Time({ value, look = "full" }: TimeProps) {
	const [zone] = useTimeZone();
	if (value === null) return <span className="text-muted">–</span>;
	const at = new Date(value);
	const full = formatDateTime(at, zone);
	if (look === "relative") return <RelativeTime at={at} value={value} full={full} zone={zone} />;
	return (
		<time
			dateTime={value}
			title={`${full} ${zone === "utc" ? "UTC" : "local time"}`}
			className="tabular-nums"
		>
			{look === "clock" ? formatClock(at, zone) : full}
		</time>
	);
}

function RelativeTime(props: { at: Date; value: string; full: string; zone: "utc" | "local" }) {
	const now = useNow();
	return (
		<time
			dateTime={props.value}
			title={`${props.full} ${props.zone === "utc" ? "UTC" : "local time"}`}
			className="tabular-nums"
		>
			{now === null ? props.full : formatRelative(props.at, new Date(now))}
		</time>
	);
}
