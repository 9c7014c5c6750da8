/** A database that is slow for a while, or a busy machine, is no reason to restart. */
const FIRST_MS = 60_000;
/**
 * If a restart didn't help, as with a full disk, the next one won't either, so restarts come further and further
 * apart.
 */
const LONGEST_MS = 30 * 60_000;

/**
 * Decides when to restart a process that runs without being healthy: once it has been unhealthy for a minute
 * without a break. After a restart the next one waits twice as long, until a process is healthy again.
 */
export class HealthPatience {
	#pid: number | undefined;
	#unhealthySince: number | null = null;
	#patienceMs = FIRST_MS;

	/**
	 * Takes the result of one check. True if the process should be restarted now. `pid` is undefined while none
	 * runs.
	 */
	look(seen: { pid: number | undefined; healthy: boolean; nowMs: number }): boolean {
		const { pid, healthy, nowMs } = seen;
		if (healthy) this.#patienceMs = FIRST_MS;
		if (healthy || pid === undefined) {
			this.#unhealthySince = null;
			return false;
		}
		if (pid !== this.#pid || this.#unhealthySince === null) {
			this.#pid = pid;
			this.#unhealthySince = nowMs;
			return false;
		}
		if (nowMs - this.#unhealthySince < this.#patienceMs) return false;
		this.#unhealthySince = null;
		this.#patienceMs = Math.min(2 * this.#patienceMs, LONGEST_MS);
		return true;
	}
}
