import type { Assignment } from "../../server/contract/desired-state.ts";
import { BACKSTOP_TIMING } from "../../server/contract/limits.ts";
import { askNode } from "../drivers/ask-node.ts";
import { setNodeTimeout } from "../drivers/node-timeout-lease.ts";

const RENEW_EVERY_MS = 1_000;
/**
 * Sentinels and voters hear from a primary a second or two after it answers again: until then, they see it as
 * silent.
 */
const RELEASE_AFTER_MS = BACKSTOP_TIMING.busyLeaseMs;

/**
 * Keeps the backstops from replacing a busy primary. Sentinels and a cluster's other primaries only see that
 * it doesn't answer; its agent sees that it is working. So the agent repeatedly makes them wait longer while that
 * lasts: each time for the silence so far plus a few seconds, so that the last value runs out by itself if
 * the agent, or its host, is gone.
 */
export class BackstopGuard {
	private readonly setSentinels: (cacheId: string, downAfterMs: number) => Promise<void>;
	private heldFor: Assignment | null = null;
	/** When they may first have seen it as silent: two silences with little time between them count as one. */
	private heldSince: number | null = null;
	private releasing: NodeJS.Timeout | null = null;
	private renewedAt = Number.NEGATIVE_INFINITY;
	/** One call after another: the last value must be the last to arrive. */
	private turn: Promise<unknown> = Promise.resolve();

	constructor(setSentinels: BackstopGuard["setSentinels"]) {
		this.setSentinels = setSentinels;
	}

	/** The primary has been silent for this long, and is working. */
	hold(assignment: Assignment, silentMs: number): void {
		if (this.releasing !== null) clearTimeout(this.releasing);
		this.releasing = null;
		const now = performance.now();
		if (now - this.renewedAt < RENEW_EVERY_MS) return;
		this.renewedAt = now;
		this.heldFor = assignment;
		this.heldSince ??= now - silentMs;
		const heldMs = Math.min(now - this.heldSince, assignment.busyTimeoutMs);
		const waitMs = Math.round(heldMs) + BACKSTOP_TIMING.busyLeaseMs;
		this.tell(assignment, { downAfterMs: waitMs, nodeTimeoutMs: waitMs });
	}

	/** It answers again, or has ended. */
	release(): void {
		const { heldFor } = this;
		if (heldFor === null) return;
		this.heldFor = null;
		this.renewedAt = Number.NEGATIVE_INFINITY;
		this.releasing = setTimeout(() => {
			this.heldSince = null;
			this.tellDefaults(heldFor);
		}, RELEASE_AFTER_MS);
		this.releasing.unref();
	}

	/**
	 * An earlier agent may have made them wait, and died. In a cluster each node's own agent handles that
	 * (NodeTimeoutLease).
	 */
	releaseLeftOver(assignment: Assignment): void {
		if (assignment.cluster === null) this.tellDefaults(assignment);
	}

	private tellDefaults(assignment: Assignment): void {
		const { sentinelDownAfterMs, clusterNodeTimeoutMs } = BACKSTOP_TIMING;
		const usual = { downAfterMs: sentinelDownAfterMs, nodeTimeoutMs: clusterNodeTimeoutMs };
		this.tell(assignment, usual);
	}

	private tell(
		{ cacheId, cluster, auth }: Assignment,
		{ downAfterMs, nodeTimeoutMs }: { downAfterMs: number; nodeTimeoutMs: number },
	): void {
		this.turn = this.turn.then(async () => {
			// Nodes that can't be reached now can't vote either, or are reached next time.
			if (cluster === null) return await this.setSentinels(cacheId, downAfterMs).catch(() => {});
			const voters = cluster.shards.flatMap(({ primary, members }) =>
				members.filter(({ nodeId }) => nodeId === primary && nodeId !== cluster.nodeId),
			);
			await Promise.all(voters.map((voter) => askNode(auth, voter, setNodeTimeout(nodeTimeoutMs))));
		});
	}
}
