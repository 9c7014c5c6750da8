function parts(version: string): number[] {
	return version.split(".").map((part) => Number.parseInt(part, 10) || 0);
}

/** Whether `prefix` matches `version`: 9 and 9.1 match 9.1.2, 9.1 doesn't match 9.10.0. */
export function versionFits(version: string, prefix: string): boolean {
	return version === prefix || version.startsWith(`${prefix}.`);
}

/** Negative if `a` is older than `b`. */
export function compareVersions(a: string, b: string): number {
	const left = parts(a);
	const right = parts(b);
	for (let i = 0; i < Math.max(left.length, right.length); i++) {
		const difference = (left[i] ?? 0) - (right[i] ?? 0);
		if (difference !== 0) return difference;
	}
	return 0;
}

/** The upstream part of a Debian version: `5:9.1.2+dfsg-1~bpo12+1` is 9.1.2. */
export function upstreamVersion(packageVersion: string): string {
	return /^(?:\d+:)?(\d+(?:\.\d+)*)/.exec(packageVersion)?.[1] ?? packageVersion;
}
