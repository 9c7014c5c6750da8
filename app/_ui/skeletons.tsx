import { Skeleton } from "@heroui/react";

const WIDTHS = ["w-32", "w-24", "w-40", "w-28", "w-36", "w-20"];

interface TableSkeletonProps {
	label: string;
	rows?: number;
	/** Of a row; the usual one has a single line. */
	rowHeight?: "h-12" | "h-24";
}

/** Holds the place of a table's head and rows, as tall as they will be, so that nothing jumps. */
export function TableSkeleton({ label, rows = 5, rowHeight = "h-12" }: TableSkeletonProps) {
	return (
		<div role="status" aria-label={label} className="px-4">
			<div className="h-9 border-b border-border" />
			{Array.from({ length: rows }, (_, row) => `row-${row}`).map((key, row) => (
				<div
					key={key}
					className={`flex items-center gap-6 border-b border-separator last:border-0 ${rowHeight}`}
				>
					<Skeleton className={`h-3.5 rounded ${WIDTHS[row % WIDTHS.length]}`} />
					<Skeleton className="h-5 w-20 rounded-full" />
					<Skeleton className="hidden h-3.5 flex-1 rounded sm:block" />
					<Skeleton className="hidden h-3.5 w-16 rounded sm:block" />
				</div>
			))}
		</div>
	);
}

/** Holds the place of a block. */
export function BlockSkeleton({ className, label }: { className: string; label?: string }) {
	return (
		<div
			{...(label === undefined ? { "aria-hidden": true } : { role: "status", "aria-label": label })}
		>
			<Skeleton className={`w-full rounded-xl ${className}`} />
		</div>
	);
}
