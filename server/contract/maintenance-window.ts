import { z } from "zod";

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
const DAY_MINUTES = 24 * 60;
const WEEK_MINUTES = 7 * DAY_MINUTES;
const MINUTE_MS = 60_000;
const WINDOW_MIN_MINUTES = 60;
const WINDOW_MAX_MINUTES = DAY_MINUTES;
const TEXT = /^([a-z]{3}):([01]\d|2[0-3]):([0-5]\d)-([a-z]{3}):([01]\d|2[0-3]):([0-5]\d)$/;

/** `startMinute` counts from Sunday 00:00 UTC. */
interface Window {
	startMinute: number;
	lengthMinutes: number;
}

/** Null if it isn't ElastiCache's `ddd:hh24:mi-ddd:hh24:mi`. A window may cross the end of the week. */
function parseWindow(text: string): Window | null {
	const match = TEXT.exec(text.toLowerCase());
	if (match === null) return null;
	const minuteOf = (day = "", hours = "", minutes = "") => {
		const index = (DAYS as readonly string[]).indexOf(day);
		return index === -1 ? null : index * DAY_MINUTES + Number(hours) * 60 + Number(minutes);
	};
	const start = minuteOf(match[1], match[2], match[3]);
	const end = minuteOf(match[4], match[5], match[6]);
	if (start === null || end === null) return null;
	return { startMinute: start, lengthMinutes: (end - start + WEEK_MINUTES) % WEEK_MINUTES };
}

/** A weekly window in UTC, such as `sun:05:00-sun:06:00`. */
export const maintenanceWindowSchema = z
	.string()
	.refine(
		(text) => parseWindow(text) !== null,
		"maintenanceWindow must look like sun:05:00-sun:06:00, in UTC",
	)
	.refine((text) => {
		const minutes = parseWindow(text)?.lengthMinutes ?? WINDOW_MIN_MINUTES;
		return minutes >= WINDOW_MIN_MINUTES && minutes <= WINDOW_MAX_MINUTES;
	}, "maintenanceWindow must be 60 minutes to 24 hours long")
	.transform((text) => text.toLowerCase());

/** The window that is open, or else the next one. Throws on text that isn't a window. */
export function nextWindow(text: string, now: Date): { startsAt: Date; endsAt: Date } {
	const window = parseWindow(text);
	if (window === null) throw new Error(`not a maintenance window: ${text}`);
	const today = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
	const sundayMs = today - now.getUTCDay() * DAY_MINUTES * MINUTE_MS;
	const thisWeek = sundayMs + window.startMinute * MINUTE_MS;
	const lengthMs = window.lengthMinutes * MINUTE_MS;
	const starts = [-1, 0, 1].map((weeks) => thisWeek + weeks * WEEK_MINUTES * MINUTE_MS);
	const startMs = starts.find((start) => start + lengthMs > now.getTime()) ?? thisWeek;
	return { startsAt: new Date(startMs), endsAt: new Date(startMs + lengthMs) };
}

/** `2026-12-06 06:00 UTC`: a moment in a sentence. */
export function windowTimeText(at: Date): string {
	const text = at.toISOString();
	return `${text.slice(0, 10)} ${text.slice(11, 16)} UTC`;
}

export function isInWindow(text: string, now: Date): boolean {
	return nextWindow(text, now).startsAt.getTime() <= now.getTime();
}

/** For a cache without a chosen window: one hour at night, spread over the week by the cache's id. */
export function windowFor(id: string): string {
	const sum = [...id].reduce((total, each) => (total * 31 + each.charCodeAt(0)) % 65_521, 7);
	const day = DAYS[sum % DAYS.length] ?? "sun";
	const hour = 3 + (Math.floor(sum / DAYS.length) % 5);
	const at = (hours: number) => `${day}:${String(hours).padStart(2, "0")}:00`;
	return `${at(hour)}-${at(hour + 1)}`;
}
