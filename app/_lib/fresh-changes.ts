/** How long pages poll quickly after a user requests a change. */
const FRESH_MS = 15_000;

const changedAtMs = new Map<string, number>();

/** Notes that the API accepted a change to a cache. Its status may stay the same until the reconciler starts. */
export function noteChange(cache: string) {
	changedAtMs.set(cache, Date.now());
}

export function isFreshlyChanged(cache: string): boolean {
	const at = changedAtMs.get(cache);
	if (at === undefined) return false;
	if (Date.now() - at < FRESH_MS) return true;
	changedAtMs.delete(cache);
	return false;
}
