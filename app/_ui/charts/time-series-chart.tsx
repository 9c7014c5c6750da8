"use client";

import { useTheme } from "next-themes";
import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import { formatClock, formatMonthDay } from "../../_lib/format/time.ts";
import { useTimeZone } from "../../_lib/use-time-zone.ts";
import { chartColor } from "./chart-color.ts";
import type { ChartData } from "./series.ts";

/** Something that happened, drawn as a line across the chart. */
export interface ChartMark {
	/** Unix time. */
	seconds: number;
	direction: "up" | "down";
	/** Stands out, because the user points at it elsewhere. */
	isActive: boolean;
}

interface TimeSeriesChartProps {
	data: ChartData;
	marks?: readonly ChartMark[];
	/** The span shown, in Unix seconds: time without samples stays visible as such. */
	fromSeconds: number;
	toSeconds: number;
	height: number;
	format: (value: number) => string;
	/** Called with the sample under the pointer; null when it leaves. */
	onCursor?: (index: number | null) => void;
	/** Charts with the same key share their crosshair. */
	syncKey?: string;
	/** `spark` is a line alone, without axes. */
	look?: "full" | "spark";
	/** Ticks at powers of two, for sizes in bytes. */
	isBinary?: boolean;
	/** Fixed upper end, such as 1 for ratios. */
	maxValue?: number;
	firstColor?: number;
	/** For screen readers. */
	label: string;
}

/** Longer spans have ticks with dates, others with times of day. */
const LONGEST_BY_CLOCK_SECONDS = 1.5 * 86_400;
/** In shorter spans, several ticks are in the same minute. */
const SHORTEST_BY_MINUTE_SECONDS = 5 * 60;
/** Room for half of the last tick's label. */
const TICK_OVERHANG = 20;
const POWERS_OF_TWO = Array.from({ length: 50 }, (_, power) => 2 ** power);
/** Steps that labels of two digits can name: 0.1, 0.2, 0.5, 1, 2, 5 … Steps of 0.25 would read 0.3, 0.5, 0.8. */
const SMALLEST_STEP = 0.1;
const ROUND_STEPS = Array.from({ length: 14 }, (_, power) =>
	[1, 2, 5].map((digit) => (digit * 10 ** power) / 10),
).flat();

/** An arrowhead at the top of each mark's line says whether something rose or fell. */
function drawMarks(chart: uPlot, marks: readonly ChartMark[], color: (name: string) => string) {
	const { ctx, bbox } = chart;
	const unit = uPlot.pxRatio;
	const head = 4 * unit;
	for (const { seconds, direction, isActive } of marks) {
		const x = Math.round(chart.valToPos(seconds, "x", true));
		if (x < bbox.left || x > bbox.left + bbox.width) continue;
		ctx.save();
		ctx.strokeStyle = color(isActive ? "--accent" : "--muted");
		ctx.fillStyle = color(direction === "up" || isActive ? "--accent" : "--muted");
		ctx.globalAlpha = isActive ? 1 : 0.6;
		ctx.lineWidth = (isActive ? 2 : 1) * unit;
		if (!isActive) ctx.setLineDash([3 * unit, 3 * unit]);
		ctx.beginPath();
		ctx.moveTo(x, bbox.top + 2 * head);
		ctx.lineTo(x, bbox.top + bbox.height);
		ctx.stroke();
		const [tip, base] = direction === "up" ? [0, 2 * head] : [2 * head, 0];
		ctx.globalAlpha = 1;
		ctx.beginPath();
		ctx.moveTo(x, bbox.top + tip);
		ctx.lineTo(x - head, bbox.top + base);
		ctx.lineTo(x + head, bbox.top + base);
		ctx.fill();
		ctx.restore();
	}
}

/** `current` returns the latest props: the chart outlives a change of its span. */
function options(
	current: () => TimeSeriesChartProps,
	element: HTMLElement,
	zone: "utc" | "local",
): uPlot.Options {
	const props = current();
	const style = getComputedStyle(element);
	const color = (name: string) => style.getPropertyValue(name).trim();
	const { look = "full", firstColor = 0, format, maxValue } = props;
	const isSpark = look === "spark";
	const font = `11px ${style.fontFamily}`;
	const tick = (seconds: number) => {
		const at = new Date(seconds * 1_000);
		const { fromSeconds, toSeconds } = current();
		const spanSeconds = toSeconds - fromSeconds;
		if (spanSeconds > LONGEST_BY_CLOCK_SECONDS) return formatMonthDay(at, zone);
		return formatClock(at, zone, spanSeconds < SHORTEST_BY_MINUTE_SECONDS ? "second" : "minute");
	};
	const axis = {
		stroke: color("--muted"),
		font,
		grid: { stroke: color("--separator"), width: 1 },
		ticks: { show: false },
	};
	return {
		width: Math.max(40, element.clientWidth),
		height: props.height,
		legend: { show: false },
		hooks: { draw: [(chart) => drawMarks(chart, current().marks ?? [], color)] },
		padding: isSpark ? [3, 0, 2, 0] : [8, TICK_OVERHANG, 0, 0],
		...(zone === "utc"
			? { tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1_000), "Etc/UTC") }
			: {}),
		scales: {
			x: { time: true, range: () => [current().fromSeconds, current().toSeconds] },
			y: {
				range: (_chart, _min, max) => [
					0,
					maxValue ??
						(max === null || max <= 0
							? 1
							: isSpark
								? max * 1.12
								: Math.max(max * 1.08, 2 * SMALLEST_STEP)),
				],
			},
		},
		axes: isSpark
			? [{ show: false }, { show: false }]
			: [
					{ ...axis, size: 26, space: 64, values: (_chart, splits) => splits.map(tick) },
					{
						...axis,
						incrs: props.isBinary === true ? POWERS_OF_TWO : ROUND_STEPS,
						size: 62,
						space: 34,
						values: (_chart, splits) => splits.map(format),
					},
				],
		cursor: {
			y: false,
			drag: { x: false, y: false },
			points: { size: 7 },
			...(props.syncKey === undefined ? {} : { sync: { key: props.syncKey } }),
		},
		series: [
			{},
			...props.data.series.map(({ label }, index) => ({
				label,
				stroke: color(chartColor(firstColor + index)),
				width: 1.5,
				points: { show: props.data.times.length < 2, size: 5 },
			})),
		],
	};
}

/** Lines over time, on canvas. Drag, zoom and legend are left to the page. */
export function TimeSeriesChart(props: TimeSeriesChartProps) {
	const { data, marks, fromSeconds, toSeconds, height, label } = props;
	const { resolvedTheme } = useTheme();
	const [zone] = useTimeZone();
	const elementRef = useRef<HTMLDivElement>(null);
	const chartRef = useRef<uPlot | null>(null);
	const propsRef = useRef(props);
	propsRef.current = props;
	const aligned = useMemo<uPlot.AlignedData>(
		() => [data.times, ...data.series.map(({ values }) => values)],
		[data],
	);
	const names = data.series.map(({ label: name }) => name).join("\n");

	// A change of lines, look or colors needs a new chart; new samples don't.
	useEffect(() => {
		const element = elementRef.current;
		if (element === null) return;
		const chart = new uPlot(
			options(() => propsRef.current, element, zone),
			undefined,
			element,
		);
		chart.hooks.setCursor = [(self) => propsRef.current.onCursor?.(self.cursor.idx ?? null)];
		chartRef.current = chart;
		const observer = new ResizeObserver(() => {
			const width = element.clientWidth;
			if (width > 0 && width !== chart.width) chart.setSize({ width, height });
		});
		observer.observe(element);
		return () => {
			observer.disconnect();
			chart.destroy();
			chartRef.current = null;
		};
	}, [names, resolvedTheme, zone, height, fromSeconds === 0, props.look, props.maxValue]);

	// A new chart needs its samples too.
	useEffect(() => {
		const chart = chartRef.current;
		if (chart === null) return;
		chart.setData(aligned, true);
	}, [aligned, marks, fromSeconds, toSeconds, names, resolvedTheme, zone, height, props.look]);

	return (
		<div ref={elementRef} role="img" aria-label={label} className="w-full" style={{ height }} />
	);
}
