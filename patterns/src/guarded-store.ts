import type { Clock } from "./clock.ts";
import type { EventListener } from "./events.ts";
import { CacheUnavailableError, type Store } from "./store.ts";

export interface BreakerOptions {
	/** How long an operation of the cache may take. Milliseconds, 250 by default. */
	readonly operationTimeoutMs?: number;
	/** After how many failures in a row the cache is taken for unavailable. 5 by default. */
	readonly failures?: number;
	/** How long it isn't asked then; after that, one operation tries it. Milliseconds, 1,000 by default. */
	readonly openMs?: number;
}

interface Deadline {
	at: number;
	/** null once the operation has ended. */
	expire: (() => void) | null;
}

/**
 * A store that answers in time or throws CacheUnavailableError:
 *
 *   closed ── failures in a row ──> open ── openMs ──> half-open ── one success ──> closed
 *                                    ^────── one failure ──────┘
 */
export class GuardedStore implements Store {
	readonly #store: Store;
	readonly #clock: Clock;
	readonly #emit: EventListener | undefined;
	readonly #timeoutMs: number;
	readonly #failureLimit: number;
	readonly #openMs: number;
	#failures = 0;
	/** null while closed. */
	#openUntil: number | null = null;
	#isProbing = false;
	// All operations have the same time, so the one that began first expires first, and one timer serves them all.
	readonly #deadlines: Deadline[] = [];
	#first = 0;
	#timer: NodeJS.Timeout | undefined;

	constructor(
		store: Store,
		{ operationTimeoutMs = 250, failures = 5, openMs = 1_000 }: BreakerOptions,
		clock: Clock,
		emit: EventListener | undefined,
	) {
		this.#store = store;
		this.#clock = clock;
		this.#emit = emit;
		this.#timeoutMs = operationTimeoutMs;
		this.#failureLimit = failures;
		this.#openMs = openMs;
	}

	get(key: string): Promise<string | null> {
		return this.#run("get", () => this.#store.get(key));
	}

	getMany(keys: readonly string[]): Promise<(string | null)[]> {
		return this.#run("getMany", () => this.#store.getMany(keys));
	}

	swap(key: string, expected: string | null, next: string | null, ttlMs: number): Promise<boolean> {
		return this.#run("swap", () => this.#store.swap(key, expected, next, ttlMs));
	}

	#run<T>(operation: string, start: () => Promise<T>): Promise<T> {
		const isProbe = this.#openUntil !== null;
		if (isProbe) {
			if (this.#isProbing || this.#clock.now() < (this.#openUntil ?? 0)) {
				return Promise.reject(new CacheUnavailableError(`${operation}: the cache is unavailable`));
			}
			this.#isProbing = true;
			this.#emit?.({ type: "breaker", state: "half-open" });
		}
		return new Promise((resolve, reject) => {
			const deadline: Deadline = {
				at: performance.now() + this.#timeoutMs,
				expire: () => {
					const text = `${operation}: no answer within ${this.#timeoutMs} ms`;
					fail(new CacheUnavailableError(text));
				},
			};
			const fail = (error: unknown) => {
				if (deadline.expire === null) return;
				deadline.expire = null;
				this.#failed(operation, error, isProbe);
				reject(
					error instanceof CacheUnavailableError
						? error
						: new CacheUnavailableError(`${operation}: ${messageOf(error)}`, { cause: error }),
				);
			};
			this.#watch(deadline);
			try {
				start().then((value) => {
					if (deadline.expire === null) return;
					deadline.expire = null;
					if (this.#failures > 0 || isProbe) this.#succeeded(isProbe);
					resolve(value);
				}, fail);
			} catch (error) {
				fail(error);
			}
		});
	}

	#succeeded(isProbe: boolean): void {
		this.#failures = 0;
		if (!isProbe) return;
		this.#isProbing = false;
		this.#openUntil = null;
		this.#emit?.({ type: "breaker", state: "closed" });
	}

	#failed(operation: string, error: unknown, isProbe: boolean): void {
		this.#emit?.({ type: "store-error", operation, error });
		if (isProbe) this.#isProbing = false;
		// Operations that began before it opened say nothing new.
		else if (this.#openUntil !== null) return;
		this.#failures += 1;
		if (!isProbe && this.#failures < this.#failureLimit) return;
		// Processes that lost the cache at the same time don't all come back at the same time.
		this.#openUntil = this.#clock.now() + this.#openMs * (0.75 + this.#clock.random() / 2);
		this.#emit?.({ type: "breaker", state: "open" });
	}

	#watch(deadline: Deadline): void {
		const queue = this.#deadlines;
		while (this.#first < queue.length && queue[this.#first]?.expire === null) this.#first += 1;
		if (this.#first > 1_000 && this.#first * 2 > queue.length) {
			queue.splice(0, this.#first);
			this.#first = 0;
		}
		queue.push(deadline);
		if (this.#timer === undefined) this.#arm(this.#timeoutMs);
	}

	#arm(ms: number): void {
		this.#timer = setTimeout(() => {
			const now = performance.now();
			this.#timer = undefined;
			for (; this.#first < this.#deadlines.length; this.#first += 1) {
				const deadline = this.#deadlines[this.#first];
				if (deadline === undefined || deadline.expire === null) continue;
				if (deadline.at > now) return this.#arm(Math.ceil(deadline.at - now));
				deadline.expire();
			}
			this.#deadlines.length = 0;
			this.#first = 0;
		}, ms);
		this.#timer.unref();
	}
}

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
