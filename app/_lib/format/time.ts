export type TimeZoneChoice = "utc" | "local";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(zone: TimeZoneChoice): Intl.DateTimeFormat {
	let format = formats.get(zone);
	if (format === undefined) {
		format = new Intl.DateTimeFormat("en-CA", {
			...(zone === "utc" ? { timeZone: "UTC" } : {}),
			hourCycle: "h23",
			year: "numeric",
			month: "2-digit",
			day: "2-digit",
			hour: "2-digit",
			minute: "2-digit",
			second: "2-digit",
		});
		formats.set(zone, format);
	}
	return format;
}

function partsOf(at: Date, zone: TimeZoneChoice): Record<string, string> {
	return Object.fromEntries(
		formatFor(zone)
			.formatToParts(at)
			.map(({ type, value }) => [type, value]),
	);
}

/** 2026-11-23 12:04:33 */
export function formatDateTime(at: Date, zone: TimeZoneChoice): string {
	const { year, month, day, hour, minute, second } = partsOf(at, zone);
	return `${year}-${month}-${day} ${hour}:${minute}:${second}`;
}

/** 12:04:33, or 12:04 without seconds. */
export function formatClock(
	at: Date,
	zone: TimeZoneChoice,
	precision: "second" | "minute" = "second",
): string {
	const { hour, minute, second } = partsOf(at, zone);
	return precision === "second" ? `${hour}:${minute}:${second}` : `${hour}:${minute}`;
}

/** 11-23 */
export function formatMonthDay(at: Date, zone: TimeZoneChoice): string {
	const { month, day } = partsOf(at, zone);
	return `${month}-${day}`;
}

/** 380 ms, 4.2 s, 3 min 4 s, 2 h 5 min, 3 d 4 h. */
export function formatDuration(durationMs: number): string {
	const ms = Math.max(0, durationMs);
	if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
	if (ms < 10 * SECOND_MS) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
	if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
	if (ms < HOUR_MS) return pair(ms, MINUTE_MS, "min", SECOND_MS, "s");
	if (ms < DAY_MS) return pair(ms, HOUR_MS, "h", MINUTE_MS, "min");
	return pair(ms, DAY_MS, "d", HOUR_MS, "h");
}

function pair(ms: number, bigMs: number, big: string, smallMs: number, small: string): string {
	const rest = Math.floor((ms % bigMs) / smallMs);
	return `${Math.floor(ms / bigMs)} ${big}${rest === 0 ? "" : ` ${rest} ${small}`}`;
}

/** "just now", "12 s ago", "3 min ago", "2 d ago"; a future time reads "in 23 h". */
export function formatRelative(at: Date, now: Date): string {
	const ms = now.getTime() - at.getTime();
	const size = Math.abs(ms);
	if (size < 5 * SECOND_MS) return "just now";
	// A time 90 days ahead must read "in 90 d" from the first second, not "in 89 d".
	const whole = ms > 0 ? Math.floor : Math.round;
	const text =
		size < MINUTE_MS
			? `${whole(size / SECOND_MS)} s`
			: size < HOUR_MS
				? `${whole(size / MINUTE_MS)} min`
				: size < 2 * DAY_MS
					? `${whole(size / HOUR_MS)} h`
					: `${whole(size / DAY_MS)} d`;
	return ms > 0 ? `${text} ago` : `in ${text}`;
}
