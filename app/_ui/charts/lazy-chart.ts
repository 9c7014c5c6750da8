import dynamic from "next/dynamic";

/** The code that draws lines is large, and the words around a chart don't wait for it. */
export const TimeSeriesChart = dynamic(
	async () => (await import("./time-series-chart.tsx")).TimeSeriesChart,
);
