import type { ReactNode } from "react";
import { classNames } from "../../../../_ui/class-names.ts";

interface LimitMeterProps {
	label: string;
	/** Null while it isn't known. */
	used: number | null;
	/** What is there now; null where only use is measured. */
	capacity: number | null;
	min: number | null;
	max: number | null;
	format: (value: number) => string;
	/** How a minimum and a maximum are written; like the rest if absent. */
	formatLimit?: (value: number) => string;
	/** Below the figures. */
	children?: ReactNode;
}

function percentOf(part: number, whole: number): number {
	return whole <= 0 ? 0 : Math.min(100, Math.max(0, (part / whole) * 100));
}

function wordsOf(used: number | null, format: (value: number) => string, whole: string): string {
	return used === null ? "not measured yet" : `${format(used)} of ${whole}`;
}

/** How near to the end use is: at three quarters it warns, unless there is room to grow. */
function toneOf(share: number, canGrow: boolean): string {
	if (canGrow) return "bg-accent";
	return share >= 90 ? "bg-danger" : share >= 75 ? "bg-warning" : "bg-accent";
}

/**
 * What a serverless cache uses: out of its capacity now, and out of its maximum. These are two bars, because a maximum can
 * be thousands of times what a cache has.
 */
export function LimitMeter(props: LimitMeterProps) {
	const { label, used, capacity, min, max, format, children } = props;
	const { formatLimit = format } = props;
	const value = used ?? 0;
	const canGrow = capacity !== null && (max === null || capacity < max * 0.98);
	const facts: [string, string][] = [
		...(capacity === null
			? []
			: ([
					["Capacity now", format(capacity)],
					["Headroom", used === null ? "–" : format(Math.max(0, capacity - used))],
				] satisfies [string, string][])),
		["Minimum", min === null ? "none" : formatLimit(min)],
		["Maximum", max === null ? "none" : formatLimit(max)],
	];
	return (
		<div className="min-w-0">
			<div className="flex flex-wrap items-baseline justify-between gap-x-3">
				<h3 className="text-[0.8125rem] text-muted">{label}</h3>
				<p className="text-lg leading-7 font-semibold tracking-[-0.01em] tabular-nums">
					{used === null ? <span className="text-muted">–</span> : format(used)}
				</p>
			</div>
			<div className="mt-2 flex flex-col gap-2.5">
				{capacity !== null && (
					<Bar
						label={`${label}: used of its capacity now`}
						words={wordsOf(used, format, format(capacity))}
						caption="of its capacity now"
						percent={percentOf(value, capacity)}
						fill={toneOf(percentOf(value, capacity), canGrow)}
						isThick
					/>
				)}
				{max !== null && (
					<Bar
						label={`${label}: used of its maximum`}
						words={wordsOf(used, format, formatLimit(max))}
						caption="of its maximum"
						percent={percentOf(value, max)}
						behind={capacity === null ? 0 : percentOf(capacity, max)}
						mark={min === null ? null : percentOf(min, max)}
						fill={toneOf(percentOf(value, max), false)}
						isThick={capacity === null}
					/>
				)}
			</div>
			<dl className="mt-3 grid grid-cols-2 gap-x-4 gap-y-1.5 text-[0.8125rem] sm:grid-cols-4">
				{facts.map(([name, words]) => (
					<div key={name} className="min-w-0">
						<dt className="text-xs text-muted">{name}</dt>
						<dd
							className={classNames(
								"tabular-nums",
								words === "none" ? "text-muted" : "font-medium",
							)}
						>
							{words}
						</dd>
					</div>
				))}
			</dl>
			{children}
		</div>
	);
}

interface BarProps {
	label: string;
	words: string;
	caption: string;
	percent: number;
	/** How far the lighter part behind it reaches. */
	behind?: number;
	/** Where a line crosses it. */
	mark?: number | null;
	fill: string;
	isThick: boolean;
}

function Bar({ label, words, caption, percent, behind = 0, mark = null, fill, isThick }: BarProps) {
	return (
		<div>
			{/* biome-ignore lint/a11y/useSemanticElements: a <meter> can't show several parts */}
			<div
				role="meter"
				aria-label={label}
				aria-valuemin={0}
				aria-valuemax={100}
				aria-valuenow={Math.round(percent)}
				aria-valuetext={words}
				className={classNames("relative w-full rounded-full bg-track", isThick ? "h-2.5" : "h-1.5")}
			>
				{behind > 0 && (
					<div
						className="absolute inset-y-0 left-0 rounded-full bg-accent/30 transition-[width] duration-500"
						style={{ width: `${Math.max(behind, 1)}%` }}
					/>
				)}
				<div
					className={classNames(
						"absolute inset-y-0 left-0 rounded-full transition-[width] duration-500",
						fill,
					)}
					style={{ width: `${percent > 0 ? Math.max(percent, 0.75) : 0}%` }}
				/>
				{mark !== null && (
					<div
						className="absolute -inset-y-1 w-0.5 -translate-x-1/2 rounded-full bg-foreground"
						style={{ left: `${mark}%` }}
						title="Minimum"
					/>
				)}
			</div>
			<p className="mt-1 flex justify-between gap-2 text-xs text-muted tabular-nums">
				<span>{caption}</span>
				<span>{percent > 0 && percent < 0.1 ? "< 0.1" : Math.round(percent * 10) / 10}%</span>
			</p>
		</div>
	);
}
