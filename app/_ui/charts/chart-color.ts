const COLORS = 6;

/** The color of the n-th line, as a CSS variable. */
export function chartColor(index: number): string {
	return `--chart-${(index % COLORS) + 1}`;
}
