/** Enough reports that at least one of them probably traveled fast. */
const REPORTS_LOOKED_AT = 6;

/** How far hosts' clocks are off. Only in memory: hosts send it with each report. */
export class HostClocks {
	readonly #newest = new Map<string, number[]>();

	/** `aheadMs` is reduced by the time that the report traveled. */
	note(hostId: string, aheadMs: number): void {
		const before = this.#newest.get(hostId) ?? [];
		this.#newest.set(hostId, [...before, aheadMs].slice(-REPORTS_LOOKED_AT));
	}

	/** Negative for a clock that is behind; null for a host that hasn't reported. */
	aheadMs(hostId: string): number | null {
		const newest = this.#newest.get(hostId);
		return newest === undefined ? null : Math.round(Math.max(...newest));
	}

	forgetHost(hostId: string): void {
		this.#newest.delete(hostId);
	}
}
