/** Newest first, by number, not alphabetically: 9.10 comes before 9.9. */
export function compareVersionsDescending(a: string, b: string): number {
	const left = a.split(".").map(Number);
	const right = b.split(".").map(Number);
	for (let i = 0; i < Math.max(left.length, right.length); i++) {
		const difference = (right[i] ?? 0) - (left[i] ?? 0);
		if (difference !== 0) return difference;
	}
	return 0;
}

/**
 * The version that a cache is pinned to if its creator names none: 9.1.2 gives 9.1, so that it gets patches.
 */
export function minorVersion(fullVersion: string): string {
	return fullVersion.split(".").slice(0, 2).join(".");
}

/** Whether the prefix matches the version: 9 and 9.1 match 9.1.2, 9.1 doesn't match 9.10.0. */
export function versionFits(version: string, prefix: string): boolean {
	return version === prefix || version.startsWith(`${prefix}.`);
}
