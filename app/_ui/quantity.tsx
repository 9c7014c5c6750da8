import { exactBytes, formatBytes } from "../_lib/format/bytes.ts";
import { exactCount, formatCount } from "../_lib/format/count.ts";

const NOTHING = <span className="text-muted">–</span>;

/** A size for people, with the exact one on hover. */
export function Bytes({ value }: { value: number | null | undefined }) {
	if (value === null || value === undefined) return NOTHING;
	return (
		<span className="tabular-nums" title={exactBytes(value)}>
			{formatBytes(value)}
		</span>
	);
}

/** A count for people, with the exact one on hover. */
export function Count({ value, unit }: { value: number | null | undefined; unit?: string }) {
	if (value === null || value === undefined) return NOTHING;
	return (
		<span className="tabular-nums" title={exactCount(value)}>
			{formatCount(value)}
			{unit}
		</span>
	);
}
