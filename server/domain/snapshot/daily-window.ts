const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const FORMAT = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;

/** When the window that is open at this time began; null while it is closed. `window` is in UTC, such as 23:30-00:30. */
export function openSince(window: string, now: Date): Date | null {
	const [, fromHour, fromMinute, toHour, toMinute] = FORMAT.exec(window) ?? [];
	const from = (Number(fromHour) * 60 + Number(fromMinute)) * MINUTE_MS;
	const to = (Number(toHour) * 60 + Number(toMinute)) * MINUTE_MS;
	const length = (to - from + DAY_MS) % DAY_MS;
	const sinceBegin = (now.getTime() - from) % DAY_MS;
	return sinceBegin < length ? new Date(now.getTime() - sinceBegin) : null;
}
