import type { FailoverOrder, OrderResult } from "../contract/agent.ts";
import type { Clock } from "../platform/clock.ts";

/** How long a host may take over an order before it is given anew, to another host if need be. */
const PATIENCE_MS = { planned: 15_000, unplanned: 5_000 } as const;
/** How long a refusal holds: its reason may go away. */
const REFUSED_MS = 300;
/** How long the new primary has to say itself that it leads. */
const DONE_MS = 2_000;

/** A failover order that was given to a host, and what has become of it. */
export interface GivenOrder {
	order: FailoverOrder;
	shardId: string;
	cause: string;
	/** When what it answers was noticed: writes are unavailable since then. */
	noticedAt: number;
	givenAt: number;
	result: (OrderResult & { at: number }) | null;
}

/**
 * The newest failover order of each shard. In memory alone: an order whose control plane dies may still be carried out,
 * and the engines then say who leads.
 */
export class FailoverOrders {
	readonly #clock: Clock;
	readonly #byShard = new Map<string, GivenOrder>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	add(given: Omit<GivenOrder, "givenAt" | "result">): void {
		this.#byShard.set(given.shardId, { ...given, givenAt: this.#now(), result: null });
	}

	/** The order that a host answers; null for one that has been given anew since. */
	finish(result: OrderResult): GivenOrder | null {
		for (const given of this.#byShard.values()) {
			if (given.order.id !== result.id) continue;
			given.result ??= { ...result, at: this.#now() };
			return given;
		}
		return null;
	}

	/** The order that is out: not overdue, done without the engines' own word yet, or refused a moment ago. */
	underWay(shardId: string): GivenOrder | null {
		const given = this.#byShard.get(shardId);
		if (given === undefined) return null;
		const { result, order, givenAt } = given;
		const holdsUntil =
			result === null
				? givenAt + PATIENCE_MS[order.kind]
				: result.at + (result.outcome === "done" ? DONE_MS : REFUSED_MS);
		return this.#now() < holdsUntil ? given : null;
	}

	/** The newest order, whatever has become of it. */
	newest(shardId: string): GivenOrder | null {
		return this.#byShard.get(shardId) ?? null;
	}

	/** Its leader is written down, or it is no longer of use. */
	forget(shardId: string): void {
		this.#byShard.delete(shardId);
	}

	#now(): number {
		return this.#clock.now().getTime();
	}
}
