const STEPS = [
	{ from: 1e9, suffix: "B" },
	{ from: 1e6, suffix: "M" },
	{ from: 1e3, suffix: "k" },
] as const;

function trim(value: number, digits: number): string {
	const text = value.toFixed(digits);
	return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** Short form of a count: 0.4, 17, 1.2k, 61.2k, 3.4M. */
export function formatCount(value: number): string {
	const size = Math.abs(value);
	for (const { from, suffix } of STEPS) {
		if (size >= from * 0.99995) {
			const scaled = value / from;
			return `${trim(scaled, Math.abs(scaled) >= 100 ? 0 : 1)}${suffix}`;
		}
	}
	return trim(value, size > 0 && size < 10 ? 1 : 0);
}

/** The number in full, for a tooltip. */
export function exactCount(value: number): string {
	return value.toLocaleString("en-US", { maximumFractionDigits: 3 });
}

/** `ratio` from 0 to 1. Never rounds up to 100% or down to 0%. */
export function formatPercent(ratio: number): string {
	const percent = ratio * 100;
	if (percent > 0 && percent < 0.1) return "< 0.1%";
	if (percent < 100 && percent > 99.9) return "> 99.9%";
	return `${trim(percent, 1)}%`;
}

/** "1 node", "3 nodes". */
export function plural(count: number, one: string, many = `${one}s`): string {
	return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}
