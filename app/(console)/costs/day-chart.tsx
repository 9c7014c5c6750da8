"use client";

import { useState } from "react";
import type { Costs } from "../../../server/contract/usage.ts";
import { formatMoney } from "../../_lib/format/money.ts";
import { classNames } from "../../_ui/class-names.ts";
import { niceMaximum } from "./nice-maximum.ts";

interface DayChartProps {
	costs: Costs;
	/** All days, such as 2026-11-01; those to come are shown as the forecast has them. */
	days: readonly string[];
	now: number;
}

interface Bar {
	day: string;
	cost: number;
	kind: "past" | "today" | "forecast";
}

const DAY_MS = 86_400_000;
const LINES = [1, 0.5, 0];

/** A bar a day. The day under the pointer, or today, is named above. */
export function DayChart({ costs, days, now }: DayChartProps) {
	const { currency } = costs;
	const bars = barsOf(costs, days, now);
	const [pointed, setPointed] = useState<string | null>(null);
	const shown =
		bars.find(({ day }) => day === pointed) ??
		bars.find(({ kind }) => kind === "today") ??
		bars.at(-1);
	const top = niceMaximum(Math.max(...bars.map(({ cost }) => cost)));
	const every = Math.ceil(days.length / 8);
	return (
		<figure>
			<figcaption className="mb-3 min-h-5 text-[0.8125rem] text-muted">
				{shown !== undefined && (
					<>
						{dayText(shown.day)}
						{": "}
						<span className="font-semibold text-foreground tabular-nums">
							{formatMoney(shown.cost, currency)}
						</span>
						{shown.kind === "today" && " so far today"}
						{shown.kind === "forecast" && " forecast"}
					</>
				)}
			</figcaption>
			<div aria-hidden className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-2">
				<div className="relative h-40 w-14 text-right text-xs text-muted tabular-nums">
					{LINES.map((share) => (
						<span
							key={share}
							className="absolute right-0 translate-y-1/2 whitespace-nowrap"
							style={{ bottom: `${share * 100}%` }}
						>
							{formatMoney(top * share, currency)}
						</span>
					))}
				</div>
				<div className="relative h-40">
					{LINES.map((share) => (
						<div
							key={share}
							className="absolute inset-x-0 border-t border-separator"
							style={{ bottom: `${share * 100}%` }}
						/>
					))}
					<div className="absolute inset-0 flex items-end" onPointerLeave={() => setPointed(null)}>
						{bars.map(({ day, cost, kind }) => (
							<div
								key={day}
								className="group flex h-full min-w-0 flex-1 items-end px-px sm:px-[3px]"
								onPointerEnter={() => setPointed(day)}
							>
								<div
									className={classNames(
										"w-full rounded-t-[3px]",
										kind === "forecast"
											? "border border-b-0 border-dashed border-accent/60 bg-accent/10"
											: "bg-accent",
										day === shown?.day ? "opacity-100" : "opacity-75",
									)}
									style={{ height: `${cost > 0 ? Math.max(1, (cost / top) * 100) : 0}%` }}
								/>
							</div>
						))}
					</div>
				</div>
				<div />
				<div className="flex pt-1.5 text-xs text-muted tabular-nums">
					{days.map((day, index) => (
						<span
							key={day}
							className="min-w-0 flex-1 overflow-visible text-center whitespace-nowrap"
						>
							{index % every === 0 && <span className="-mx-3">{Number(day.slice(8))}</span>}
						</span>
					))}
				</div>
			</div>
			{/* Around the table, because a table itself can't be made smaller than its rows. */}
			<div className="sr-only">
				<table>
					<caption>Cost by day</caption>
					<tbody>
						{bars.map(({ day, cost, kind }) => (
							<tr key={day}>
								<th scope="row">{dayText(day)}</th>
								<td>
									{formatMoney(cost, currency)}
									{kind === "forecast" && " (forecast)"}
								</td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
		</figure>
	);
}

function barsOf({ items, month }: Costs, days: readonly string[], now: number): Bar[] {
	const today = new Date(now).toISOString().slice(0, 10);
	const costs = new Map(items.map(({ key, cost }) => [key, cost]));
	// What the rest of the month costs in all, from now on.
	const last = days.at(-1) ?? today;
	const leftMs = Date.parse(last) + DAY_MS - now;
	const left = month.forecast === null ? 0 : month.forecast - month.soFar;
	const perDay = leftMs <= 0 ? 0 : (left / leftMs) * DAY_MS;
	return days.map((day) => ({
		day,
		cost: day > today ? perDay : (costs.get(day) ?? 0),
		kind: day > today ? "forecast" : day === today ? "today" : "past",
	}));
}

function dayText(day: string): string {
	return new Date(day).toLocaleDateString("en-US", {
		...{ weekday: "short", month: "short", day: "numeric", timeZone: "UTC" },
	});
}
