import type { UsageUnit } from "../../contract/usage.ts";
import { divideAmongSpans, floorTo, type SpanShare } from "../time-spans.ts";

/** How fine usage is kept, and for how long, in seconds. Finer spans are part of the coarser ones from the start. */
export const USAGE_SPANS = [
	{ unit: "minute", seconds: 60, keepSeconds: 48 * 3_600 },
	{ unit: "hour", seconds: 3_600, keepSeconds: 35 * 86_400 },
	{ unit: "day", seconds: 86_400, keepSeconds: 3 * 365 * 86_400 },
] as const satisfies readonly { unit: UsageUnit; seconds: number; keepSeconds: number }[];

export function spanSecondsOf(unit: UsageUnit): number {
	return USAGE_SPANS.find((span) => span.unit === unit)?.seconds ?? USAGE_SPANS[0].seconds;
}

/** Usage that no reading divides into minutes for so long is known by the hour only. */
const BY_MINUTE_MS = 2 * 3_600_000;

/** A part of a period, and the share of the period that it is. */
export interface Part extends SpanShare {
	readonly spanSeconds: number;
}

/**
 * Divides a period into minutes, or into hours if it is longer than two hours: what was used in it is spread evenly.
 * A period without length belongs to the minute in which it is.
 */
export function divide(from: Date, to: Date): Part[] {
	const spanSeconds = to.getTime() - from.getTime() > BY_MINUTE_MS ? 3_600 : 60;
	return divideAmongSpans(from, to, spanSeconds * 1_000).map((part) => ({ ...part, spanSeconds }));
}

/** Rows of one span from `from` until before `to`. */
export interface Segment {
	readonly spanSeconds: number;
	readonly from: Date;
	readonly to: Date;
}

/**
 * The fewest rows that cover a period: days, and hours before the first and after the last whole day. It begins and
 * ends with a whole hour, or with a whole day where hours aren't kept any more.
 */
export function cover(from: Date, to: Date, now: Date): Segment[] {
	const [, hour, day] = USAGE_SPANS;
	const [hourMs, dayMs] = [hour.seconds * 1_000, day.seconds * 1_000];
	const hoursFrom = now.getTime() - hour.keepSeconds * 1_000;
	const edge = (at: Date) => (at.getTime() < hoursFrom ? dayMs : hourMs);
	const begin = floorTo(from, edge(from));
	const end = ceilTo(to, edge(to));
	const daysFrom = ceilTo(begin, dayMs);
	// A day that isn't over has all that was used in it.
	const daysTo = end > now ? ceilTo(now, dayMs) : floorTo(end, dayMs);
	if (daysFrom >= daysTo) return [{ spanSeconds: hour.seconds, from: begin, to: end }];
	return [
		{ spanSeconds: hour.seconds, from: begin, to: daysFrom },
		{ spanSeconds: day.seconds, from: daysFrom, to: daysTo },
		{ spanSeconds: hour.seconds, from: daysTo, to: end },
	].filter((segment) => segment.from < segment.to);
}

export function ceilTo(at: Date, ms: number): Date {
	return new Date(Math.ceil(at.getTime() / ms) * ms);
}
