const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** `1.37 GiB`, `51.2 MiB`: at most two digits after the point below 10, and one above. */
export function formatBytes(bytes: number): string {
	let value = bytes;
	let unit = 0;
	while (value >= 1024 && unit < UNITS.length - 1) {
		value /= 1024;
		unit += 1;
	}
	return `${unit === 0 ? value : Number(value.toFixed(value < 10 ? 2 : 1))} ${UNITS[unit]}`;
}

/** `12 ms`, `1.3 s`, `4 min 5 s`. */
export function formatDuration(ms: number): string {
	if (Math.round(ms) < 1_000) return `${Math.round(ms)} ms`;
	const tenths = Math.round(ms / 100);
	if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
	const seconds = Math.round(ms / 1_000);
	return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `5 min ago`, for lists; `never` for null. */
export function formatAgo(iso: string | null, now: Date): string {
	if (iso === null) return "never";
	const seconds = Math.max(0, Math.round((now.getTime() - new Date(iso).getTime()) / 1_000));
	if (seconds < 60) return `${seconds} s ago`;
	if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
	if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
	return `${Math.floor(seconds / 86_400)} d ago`;
}

/** Bytes from `4GiB`, `512 MiB`, `2g` or a plain number of bytes; null for any other text. Units are powers of 1024. */
export function parseBytes(text: string): number | null {
	const match = /^\s*(\d+(?:\.\d+)?)\s*(?:([kmgt])i?b?|b)?\s*$/i.exec(text);
	if (match?.[1] === undefined) return null;
	const power = match[2] === undefined ? 0 : "kmgt".indexOf(match[2].toLowerCase()) + 1;
	return Math.round(Number(match[1]) * 1024 ** power);
}

/** Makes text from elsewhere safe to print: control characters could move the cursor or fake a line. */
export function printable(text: string): string {
	return text.replace(/\p{Cc}/gu, "?");
}

/** `1 node`, `2 nodes`. */
export function plural(count: number, one: string): string {
	return `${count} ${one}${count === 1 ? "" : "s"}`;
}

/** Each line once, after the names that it applies to: `a, b: The disk is full.` */
export function linesWithNames(lines: Iterable<{ name: string; line: string }>): string[] {
	const names = new Map<string, string[]>();
	for (const { name, line } of lines) names.set(line, [...(names.get(line) ?? []), name]);
	return [...names].map(([line, those]) => `${those.join(", ")}: ${line}`);
}
