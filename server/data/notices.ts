import type { Notice } from "../contract/agent.ts";
import type { Clock } from "../platform/clock.ts";

/** An agent that was away for longer reads the desired state, which says the same. */
const KEPT_MS = 10_000;

type WithoutSeq<T> = T extends unknown ? Omit<T, "seq"> : never;

/**
 * What hosts are to hear at once, without waiting for the database. In memory alone: what a control plane that dies
 * hasn't told, the next one finds out and tells anew.
 */
export class Notices {
	readonly #clock: Clock;
	readonly #kept: { notice: Notice; hostId: string | null; at: number }[] = [];
	#newest = 0;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** `hostId` null is for all hosts. The caller wakes the hosts' watches. */
	add(hostId: string | null, notice: WithoutSeq<Notice>): void {
		const at = this.#clock.now().getTime();
		while (this.#kept[0] !== undefined && at - this.#kept[0].at > KEPT_MS) this.#kept.shift();
		this.#newest++;
		this.#kept.push({ notice: { ...notice, seq: this.#newest }, hostId, at });
	}

	/** Those for a host that are newer than the one it holds, oldest first. */
	newer(hostId: string, held: number): Notice[] {
		const oldest = this.#clock.now().getTime() - KEPT_MS;
		return this.#kept
			.filter((kept) => kept.notice.seq > held && kept.at >= oldest)
			.filter((kept) => kept.hostId === null || kept.hostId === hostId)
			.map((kept) => kept.notice);
	}
}
