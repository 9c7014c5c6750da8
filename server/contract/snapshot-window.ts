import { z } from "zod";

const HOUR_MINUTES = 60;
const DAY_MINUTES = 24 * HOUR_MINUTES;
const FORMAT = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;

/** A daily window in UTC, of an hour at least. It may pass midnight. */
export const snapshotWindowSchema = z
	.string()
	.regex(FORMAT, "snapshotWindow must look like 03:00-04:00, in UTC")
	.refine(
		(window) => minutesOf(window) >= HOUR_MINUTES,
		"snapshotWindow must be at least an hour long",
	);

function minutesOf(window: string): number {
	const [, fromHour, fromMinute, toHour, toMinute] = FORMAT.exec(window) ?? [];
	const from = Number(fromHour) * HOUR_MINUTES + Number(fromMinute);
	const to = Number(toHour) * HOUR_MINUTES + Number(toMinute);
	return (to - from + DAY_MINUTES) % DAY_MINUTES;
}
