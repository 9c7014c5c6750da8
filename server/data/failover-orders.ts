import type { FailoverOrder } from "../contract/desired-state.ts";
import type { OrderResult } from "../contract/host-report.ts";
import type { Clock } from "../platform/clock.ts";

/** How long an order waits for its host to fetch it. It reflects the state at the time when it was given. */
const FETCHED_WITHIN_MS = 1_500;
/** How long a host that has fetched an order may take before the order is given again, to another host if need be. */
const PATIENCE_MS = { planned: 15_000, unplanned: 5_000 } as const;
/** How long a refusal counts: its reason may go away. */
const REFUSED_MS = 300;
/** How long after giving an order to wait for its result, even if the engines already show that it was carried out. */
const FRESH_MS = 1_000;
const QUIET_WITHIN_MS = 100;
/** How long the new primary has to report that it is primary. */
const DONE_MS = 2_000;
/** How long after a failed planned failover no step relies on another one. */
const TROUBLED_MS = 60_000;

/** A failover order that was given to a host, and its outcome so far. */
export interface GivenOrder {
	order: FailoverOrder;
	shardId: string;
	cause: string;
	/** When the failure that it responds to was noticed: writes have been unavailable since. */
	noticedAt: number;
	givenAt: number;
	/** When its host fetched it; null until then. */
	fetchedAt: number | null;
	result: (OrderResult & { at: number }) | null;
	/** When the failover that it belonged to was given up. */
	droppedAt: number | null;
}

/**
 * The newest failover order of each shard. Only in memory: an order may still be carried out after its
 * control plane has died, and the engines then say which node is primary.
 */
export class FailoverOrders {
	readonly #clock: Clock;
	readonly #byShard = new Map<string, GivenOrder>();
	/** Hosts ask for each order, of which there are thousands when many hosts are lost. */
	readonly #byId = new Map<string, GivenOrder>();
	/** Those without a result. */
	readonly #awaited = new Set<GivenOrder>();
	readonly #waiters: (() => void)[] = [];

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	add(given: Omit<GivenOrder, "givenAt" | "fetchedAt" | "result" | "droppedAt">): void {
		this.forget(given.shardId);
		const newest = {
			...given,
			...{ givenAt: this.#now(), fetchedAt: null, result: null, droppedAt: null },
		};
		this.#awaited.add(newest);
		this.#byShard.set(given.shardId, newest);
		this.#byId.set(given.order.id, newest);
	}

	/** Null for an unknown order, or one that has been given again since. */
	find(id: string): FailoverOrder | null {
		return this.#byId.get(id)?.order ?? null;
	}

	/**
	 * Called when the order's host fetches it. False for an order that mustn't be carried out any more: it was given
	 * again, dropped or answered, the new primary has been recorded since, or the host is too late.
	 */
	fetch(id: string): boolean {
		const given = this.#byId.get(id);
		if (given === undefined || given.result !== null || given.droppedAt !== null) return false;
		if (this.#now() - given.givenAt > FETCHED_WITHIN_MS) return false;
		given.fetchedAt ??= this.#now();
		return true;
	}

	/**
	 * The order that a host reports on; null for one that has been given again since, or was already reported.
	 */
	finish(result: OrderResult): GivenOrder | null {
		const given = this.#byId.get(result.id);
		if (given === undefined || given.result !== null) return null;
		given.result = { ...result, at: this.#now() };
		this.#awaited.delete(given);
		for (const resume of this.#waiters.splice(0)) resume();
		return given;
	}

	/**
	 * Returns once no order (of the cache, if one is given) is waiting for its result, or after a moment. Clients
	 * depend on that result; other work can wait.
	 */
	async quiet(cacheId: string | null = null): Promise<void> {
		const waiting = [...this.#awaited].some(
			(given) => this.isFresh(given) && (cacheId === null || cacheId === given.order.cacheId),
		);
		if (!waiting) return;
		await new Promise<void>((resolve) => {
			this.#waiters.push(resolve);
			setTimeout(resolve, QUIET_WITHIN_MS);
		});
	}

	/** The pending order: not overdue, done but not yet confirmed by the engines, or refused a moment ago. */
	underWay(shardId: string): GivenOrder | null {
		const given = this.#byShard.get(shardId);
		if (given === undefined || given.droppedAt !== null) return null;
		return this.#now() < holdsUntil(given) ? given : null;
	}

	/**
	 * Caches with an order that nobody has carried out in time. Names each order once: the next look at the cache gives it
	 * again, unless it isn't needed any more.
	 */
	takeOverdue(): string[] {
		const now = this.#now();
		const overdue = [...this.#awaited].filter((given) => now >= holdsUntil(given));
		for (const given of overdue) this.#awaited.delete(given);
		return overdue.map(({ order }) => order.cacheId);
	}

	/** Its result is about to arrive, and with it how long writes were unavailable. */
	isFresh({ result, givenAt }: GivenOrder): boolean {
		return result === null && this.#now() - givenAt < FRESH_MS;
	}

	/** The newest order, unless it was dropped. */
	newest(shardId: string): GivenOrder | null {
		const given = this.#byShard.get(shardId);
		return given === undefined || given.droppedAt !== null ? null : given;
	}

	/** It failed, and won't be tried again. */
	drop(shardId: string): void {
		const given = this.#byShard.get(shardId);
		if (given === undefined) return;
		given.droppedAt = this.#now();
		this.#awaited.delete(given);
	}

	/** A failover of the shard failed a short while ago. */
	isTroubled(shardId: string): boolean {
		const droppedAt = this.#byShard.get(shardId)?.droppedAt ?? null;
		return droppedAt !== null && this.#now() - droppedAt < TROUBLED_MS;
	}

	/** The new primary has been recorded. */
	forget(shardId: string): void {
		const given = this.#byShard.get(shardId);
		if (given === undefined) return;
		this.#byShard.delete(shardId);
		this.#awaited.delete(given);
		this.#byId.delete(given.order.id);
	}

	#now(): number {
		return this.#clock.now().getTime();
	}
}

function holdsUntil({ result, order, givenAt, fetchedAt }: GivenOrder): number {
	if (result !== null) return result.at + (result.outcome === "done" ? DONE_MS : REFUSED_MS);
	return fetchedAt === null ? givenAt + FETCHED_WITHIN_MS : fetchedAt + PATIENCE_MS[order.kind];
}
