import type { Notice } from "../contract/desired-state.ts";
import type { Clock } from "../platform/clock.ts";

/** An agent that was away for longer reads the desired state, which says the same. */
const KEPT_MS = 10_000;

type WithoutSeq<T> = T extends unknown ? Omit<T, "seq"> : never;

/**
 * Notices that hosts should get at once, without waiting for the database. Only in memory: if a control plane dies before
 * it has delivered one, the next control plane finds out the same and notifies the hosts again.
 */
export class Notices {
	readonly #clock: Clock;
	/** For each host, its notices, oldest first. */
	readonly #kept = new Map<string, { notice: Notice; at: number }[]>();
	readonly #awaited: { seq: number; hostIds: Set<string>; then: () => void; at: number }[] = [];
	#newest = 0;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** The caller wakes the watches of these hosts. Returns the notice's number. */
	add(hostIds: readonly string[], notice: WithoutSeq<Notice>): number {
		const at = this.#clock.now().getTime();
		this.#newest++;
		const kept = { notice: { ...notice, seq: this.#newest }, at };
		for (const hostId of hostIds) this.#kept.set(hostId, [...this.#keptFor(hostId), kept]);
		return this.#newest;
	}

	/** Calls back once all these hosts have acted on a notice; never if one of them takes too long. */
	onceHeld(seq: number, hostIds: readonly string[], then: () => void): void {
		const at = this.#clock.now().getTime();
		while (this.#awaited[0] !== undefined && at - this.#awaited[0].at > KEPT_MS) {
			this.#awaited.shift();
		}
		if (hostIds.length === 0) then();
		else this.#awaited.push({ seq, hostIds: new Set(hostIds), then, at });
	}

	/** A host says which is the newest notice that it has acted on. */
	noteHeld(hostId: string, held: number): void {
		const over = this.#awaited.filter(({ seq, hostIds }) => {
			return seq <= held && hostIds.delete(hostId) && hostIds.size === 0;
		});
		for (const awaited of over) {
			this.#awaited.splice(this.#awaited.indexOf(awaited), 1);
			awaited.then();
		}
	}

	/** Notices for a host that are newer than the one it holds, oldest first. */
	newer(hostId: string, held: number): Notice[] {
		return this.#keptFor(hostId).flatMap(({ notice }) => (notice.seq > held ? notice : []));
	}

	#keptFor(hostId: string): { notice: Notice; at: number }[] {
		const oldest = this.#clock.now().getTime() - KEPT_MS;
		const kept = (this.#kept.get(hostId) ?? []).filter(({ at }) => at >= oldest);
		if (kept.length === 0) this.#kept.delete(hostId);
		return kept;
	}
}
