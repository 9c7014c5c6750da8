const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** Binary units with at most two digits after the point: 512 MiB, 15.5 GiB, 1.37 GiB. */
export function formatBytes(bytes: number): string {
	let value = Math.abs(bytes);
	let unit = 0;
	while (value >= 1024 && unit < UNITS.length - 1) {
		value /= 1024;
		unit += 1;
	}
	const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
	const text = value.toFixed(digits).replace(/\.?0+$/, (zeros) => (digits === 0 ? zeros : ""));
	return `${bytes < 0 ? "−" : ""}${text} ${UNITS[unit]}`;
}

/** The exact number, for a tooltip. */
export function exactBytes(bytes: number): string {
	return `${Math.round(bytes).toLocaleString("en-US")} bytes`;
}
