/** For so long after a change that was asked for, its effects are looked for closely. */
const FRESH_MS = 15_000;

const changedAtMs = new Map<string, number>();

/** A change of a cache was accepted; its status may still be what it was until the control plane takes it up. */
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
