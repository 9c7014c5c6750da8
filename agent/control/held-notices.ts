import type { Notice, WatchResult } from "../../server/contract/desired-state.ts";

/** Which notices the agent holds: up to the newest of the newest epoch. */
export class HeldNotices {
	private newestEpoch = -1;
	private seq = -1;

	/** Epoch of the newest notice; -1 for none. */
	get epoch(): number {
		return this.newestEpoch;
	}

	/** The sequence number to report as held to the control plane of an epoch; -1 for none. */
	newestOf(epoch: number): number {
		return epoch === this.newestEpoch ? this.seq : -1;
	}

	/**
	 * The notices in an answer that the agent must act on. An earlier epoch belongs to a control plane that has been replaced.
	 */
	take({ epoch, notices }: NonNullable<WatchResult>): Notice[] {
		if (epoch < this.newestEpoch) return [];
		if (epoch > this.newestEpoch) this.seq = -1;
		this.newestEpoch = epoch;
		const fresh = notices.filter(({ seq }) => seq > this.seq);
		for (const { seq } of fresh) this.seq = Math.max(this.seq, seq);
		return fresh;
	}

	/** The agent works for another control plane now, which counts its own epochs. */
	forget(): void {
		this.newestEpoch = -1;
		this.seq = -1;
	}
}
