import type { Notice, WatchResult } from "../../server/contract/agent.ts";

/** Which notices the agent has had: the newest of the newest epoch. */
export class HeldNotices {
	private newestEpoch = -1;
	private seq = -1;

	/** Of the newest notice; -1 for none. */
	get epoch(): number {
		return this.newestEpoch;
	}

	/** What the control plane of an epoch is told to be held; -1 for none. */
	newestOf(epoch: number): number {
		return epoch === this.newestEpoch ? this.seq : -1;
	}

	/** Those of an answer that are to be acted on. One of an earlier epoch speaks for a control plane that was replaced. */
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
