import dynamic from "next/dynamic";

/** The code that draws lines is large; the text around a chart doesn't wait for it. */
export const TimeSeriesChart = dynamic(
	async () => (await import("./time-series-chart.tsx")).TimeSeriesChart,
);
