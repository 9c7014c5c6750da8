import type { Feed } from "./feed.ts";
import type { Sources } from "./sources.ts";

/** How long the source's writes are held, for longer than the patience below, and once the cache leads. */
const PAUSE_MS = 60_000;
export const LAST_PAUSE_MS = 300_000;
/** How long the source may be held before the migration should go back. */
const PATIENCE_MS = 15_000;
/** A source that can't be held must have been quiet for so long, and may be written to for so long. */
const QUIET_MS = 1_000;
const UNHELD_PATIENCE_MS = 5_000;
const REPLICAS_MS = 500;

/**
 * Holds the source's writes until the engine has all of them. It goes on holding them until it is told to release them: the
 * control plane may have decided that the cache leads.
 */
export class CutOver {
	private readonly sources: Sources;
	private readonly feeds: readonly Feed[];
	private readonly countReplicas: () => Promise<number>;
	private readonly beganAt = performance.now();
	private quietSince = this.beganAt;
	private isBegun = false;
	private isHeld = false;
	private led = false;
	private isSettled = false;
	private offsets: readonly number[] = [];

	constructor(
		sources: Sources,
		feeds: readonly Feed[],
		/** The engine's that are in sync. */
		countReplicas: () => Promise<number>,
	) {
		this.sources = sources;
		this.feeds = feeds;
		this.countReplicas = countReplicas;
	}

	async begin(): Promise<void> {
		this.isBegun = true;
		this.isHeld = await this.sources.pauseWrites(PAUSE_MS);
		// A shard that moved or failed over meanwhile may have taken writes that no feed has seen.
		await this.sources.requireUnchanged();
		this.offsets = await this.readOffsets();
	}

	get pausedMs(): number {
		return Math.round(performance.now() - this.beganAt);
	}

	/** Whether the engine, and its replicas as far as they answer in time, have everything that the source has. */
	async isComplete(): Promise<boolean> {
		const now = performance.now();
		if (!this.isHeld) {
			const offsets = await this.readOffsets();
			if (offsets.some((offset, index) => offset !== this.offsets[index])) this.quietSince = now;
			this.offsets = offsets;
			if (now - this.quietSince < QUIET_MS) return false;
		}
		if (!this.feeds.every((feed, index) => feed.hasReached(this.offsets[index] ?? 0))) return false;
		if (!this.isSettled) {
			const replicas = await this.countReplicas();
			if (replicas > 0) {
				await Promise.all(this.feeds.map((feed) => feed.settleReplicas(replicas, REPLICAS_MS)));
			}
			this.isSettled = true;
		}
		return true;
	}

	/**
	 * Why the migration should go back, in sentences for people; null if it needn't yet. A source that can't be held needn't
	 * once its writers have stopped: the agent may not have heard that the migration went back and was completed again.
	 */
	problem(isComplete: boolean): string | null {
		if (!this.isHeld && isComplete) return null;
		const patienceMs = this.isHeld ? PATIENCE_MS : UNHELD_PATIENCE_MS;
		if (performance.now() - this.beganAt < patienceMs) return null;
		return this.isHeld
			? `The source's writes were held for ${PATIENCE_MS / 1_000} s, but the cache couldn't take the lead in that time. The source takes writes again. Complete the migration once more.`
			: "The source doesn't allow CLIENT PAUSE and is still written to. Stop its writers, then complete the migration once more.";
	}

	/** The cache leads. The source's clients have time to move. */
	async lead(): Promise<void> {
		this.led = true;
		if (this.isHeld) await this.sources.pauseWrites(LAST_PAUSE_MS).catch(() => false);
	}

	/** Lets the source take writes again, unless the cache leads. */
	async release(): Promise<void> {
		if (!this.isBegun || this.led) return;
		this.isBegun = false;
		await this.sources.resumeWrites();
	}

	private async readOffsets(): Promise<readonly number[]> {
		return await Promise.all(this.feeds.map(async ({ source }) => await source.offset()));
	}
}
