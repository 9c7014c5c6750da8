import type { FailoverOrder, OrderResult } from "../contract/agent.ts";
import type { Clock } from "../platform/clock.ts";

/** How long a host may take over an order before it is given anew, to another host if need be. */
const PATIENCE_MS = { planned: 15_000, unplanned: 5_000 } as const;
/** How long a refusal holds: its reason may go away. */
const REFUSED_MS = 300;
/** How long an order's result is waited for once the engines show that it was carried out. */
const FRESH_MS = 1_000;
const QUIET_WITHIN_MS = 100;
/** How long the new primary has to say itself that it leads. */
const DONE_MS = 2_000;
/** For how long nobody relies on a planned failover after one that failed. */
const TROUBLED_MS = 60_000;

/** A failover order that was given to a host, and what has become of it. */
export interface GivenOrder {
	order: FailoverOrder;
	shardId: string;
	cause: string;
	/** When what it answers was noticed: writes are unavailable since then. */
	noticedAt: number;
	givenAt: number;
	result: (OrderResult & { at: number }) | null;
	/** When the failover was given up that it was for. */
	droppedAt: number | null;
}

/**
 * The newest failover order of each shard. In memory alone: an order whose control plane dies may still be carried out,
 * and the engines then say who leads.
 */
export class FailoverOrders {
	readonly #clock: Clock;
	readonly #byShard = new Map<string, GivenOrder>();
	readonly #waiters: (() => void)[] = [];
	readonly #causes = new Map<string, string>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	add(given: Omit<GivenOrder, "givenAt" | "result" | "droppedAt">): void {
		this.#byShard.set(given.shardId, {
			...given,
			givenAt: this.#now(),
			result: null,
			droppedAt: null,
		});
	}

	/** Remembers why the shard's next planned failover was asked for, where no person did. */
	expect(shardId: string, cause: string): void {
		this.#causes.set(shardId, cause);
	}

	causeOf(shardId: string): string | null {
		return this.#causes.get(shardId) ?? null;
	}

	/** The order that a host answers; null for one that has been given anew since, or was answered before. */
	finish(result: OrderResult): GivenOrder | null {
		for (const given of this.#byShard.values()) {
			if (given.order.id !== result.id) continue;
			if (given.result !== null) return null;
			given.result = { ...result, at: this.#now() };
			for (const resume of this.#waiters.splice(0)) resume();
			return given;
		}
		return null;
	}

	/**
	 * Comes back once no order, or none of the cache, waits for its result, or after a moment: clients wait for that, others
	 * can.
	 */
	async quiet(cacheId: string | null = null): Promise<void> {
		const waiting = [...this.#byShard.values()].some(
			(given) => this.isFresh(given) && (cacheId === null || cacheId === given.order.cacheId),
		);
		if (!waiting) return;
		await new Promise<void>((resolve) => {
			this.#waiters.push(resolve);
			setTimeout(resolve, QUIET_WITHIN_MS);
		});
	}

	/** The order that is out: not overdue, done without the engines' own word yet, or refused a moment ago. */
	underWay(shardId: string): GivenOrder | null {
		const given = this.#byShard.get(shardId);
		if (given === undefined || given.droppedAt !== null) return null;
		const { result, order, givenAt } = given;
		const holdsUntil =
			result === null
				? givenAt + PATIENCE_MS[order.kind]
				: result.at + (result.outcome === "done" ? DONE_MS : REFUSED_MS);
		return this.#now() < holdsUntil ? given : null;
	}

	/** Its result is about to come, and with it how long writes were unavailable. */
	isFresh({ result, givenAt }: GivenOrder): boolean {
		return result === null && this.#now() - givenAt < FRESH_MS;
	}

	/** The newest order, unless it was dropped. */
	newest(shardId: string): GivenOrder | null {
		const given = this.#byShard.get(shardId);
		return given === undefined || given.droppedAt !== null ? null : given;
	}

	/** Nothing came of it, and it isn't tried again. */
	drop(shardId: string): void {
		this.#causes.delete(shardId);
		const given = this.#byShard.get(shardId);
		if (given !== undefined) given.droppedAt = this.#now();
	}

	/** A failover of the shard came to nothing a short while ago. */
	isTroubled(shardId: string): boolean {
		const droppedAt = this.#byShard.get(shardId)?.droppedAt ?? null;
		return droppedAt !== null && this.#now() - droppedAt < TROUBLED_MS;
	}

	/** Its leader is written down. */
	forget(shardId: string): void {
		this.#causes.delete(shardId);
		this.#byShard.delete(shardId);
	}

	#now(): number {
		return this.#clock.now().getTime();
	}
}
