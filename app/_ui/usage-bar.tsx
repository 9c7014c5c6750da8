import { classNames } from "./class-names.ts";

interface UsageBarProps {
	/** What the bar measures, for screen readers. */
	label: string;
	used: number;
	total: number;
	/** A second part on top of `used`, such as what a new cache would take. */
	added?: number;
	tone?: "accent" | "good" | "auto";
	size?: "thin" | "thick";
}

function percentOf(part: number, total: number): number {
	return total <= 0 ? 0 : Math.min(100, Math.max(0, (part / total) * 100));
}

/** Share of a whole. With tone `auto` it takes the warning color from 75%, and the error color from 90%. */
export function UsageBar({
	label,
	used,
	total,
	added = 0,
	tone = "accent",
	size = "thin",
}: UsageBarProps) {
	const percent = percentOf(used, total);
	const addedPercent = Math.min(100 - percent, percentOf(added, total));
	const fill =
		tone === "good"
			? "bg-success"
			: tone === "auto" && percent >= 90
				? "bg-danger"
				: tone === "auto" && percent >= 75
					? "bg-warning"
					: "bg-accent";
	return (
		// biome-ignore lint/a11y/useSemanticElements: a <meter> can't show two parts
		<div
			role="meter"
			aria-label={label}
			aria-valuemin={0}
			aria-valuemax={100}
			aria-valuenow={Math.round(percent + addedPercent)}
			className={classNames(
				"flex w-full overflow-hidden rounded-full bg-track",
				size === "thin" ? "h-1.5" : "h-2",
			)}
		>
			<div
				className={classNames("h-full rounded-full transition-[width] duration-500", fill)}
				style={{ width: `${percent > 0 ? Math.max(percent, 1) : 0}%` }}
			/>
			{addedPercent > 0 && (
				<div
					className="ml-px h-full rounded-full bg-accent/45"
					style={{ width: `${addedPercent}%` }}
				/>
			)}
		</div>
	);
}
