import type { CostGrouping } from "../../../server/contract/usage.ts";

export const GROUPINGS = [
	{ value: "cache", label: "Cache" },
	{ value: "engine", label: "Engine" },
	{ value: "tag", label: "Tag" },
] as const satisfies readonly { value: CostGrouping; label: string }[];

export const PERIODS = [
	{ value: "month", label: "This month" },
	{ value: "last-month", label: "Last month" },
	{ value: "30d", label: "Last 30 days" },
] as const;
export type Period = (typeof PERIODS)[number]["value"];

const DAY_MS = 86_400_000;

/** From when until when, in UTC; whole days, so that the query is the same all day long. */
export function boundsOf(period: Period, now: number): { from: string; to?: string } {
	const date = new Date(now);
	const month = (offset: number) =>
		new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset, 1)).toISOString();
	switch (period) {
		case "month":
			return { from: month(0) };
		case "last-month":
			return { from: month(-1), to: month(0) };
		case "30d":
			return { from: new Date(Math.floor(now / DAY_MS) * DAY_MS - 29 * DAY_MS).toISOString() };
	}
}

/** All days of the period, those to come included: 2026-11-01, 2026-11-02, … */
export function daysOf(period: Period, now: number): string[] {
	const { from, to } = boundsOf(period, now);
	const date = new Date(now);
	const end =
		period === "month"
			? Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
			: to === undefined
				? now
				: Date.parse(to);
	const days: string[] = [];
	for (let at = Date.parse(from); at < end; at += DAY_MS) {
		days.push(new Date(at).toISOString().slice(0, 10));
	}
	return days;
}

/** What the page asks for, from its address. */
export function costsInputs(params: URLSearchParams, now: number) {
	const period = PERIODS.find(({ value }) => value === params.get("period"))?.value ?? "month";
	const tagKey = params.get("tag") ?? "";
	const asked = GROUPINGS.find(({ value }) => value === params.get("by"))?.value ?? "cache";
	// Until a tag is chosen, there is nothing to group by.
	const groupBy = asked === "tag" && tagKey === "" ? "cache" : asked;
	const bounds = boundsOf(period, now);
	return {
		...{ period, asked, tagKey },
		groups: { groupBy, ...(groupBy === "tag" && { tagKey }), ...bounds },
		days: { groupBy: "day" as const, ...bounds },
	};
}
