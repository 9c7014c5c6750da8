import type { Clock } from "./clock.ts";
import { Deadlines } from "./deadlines.ts";
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
	readonly #deadlines: Deadlines;
	readonly #failureLimit: number;
	readonly #openMs: number;
	#failures = 0;
	/** null while closed. */
	#openUntil: number | null = null;
	#isProbing = false;

	constructor(
		store: Store,
		{ operationTimeoutMs = 250, failures = 5, openMs = 1_000 }: BreakerOptions,
		clock: Clock,
		emit: EventListener | undefined,
	) {
		this.#store = store;
		this.#clock = clock;
		this.#emit = emit;
		this.#deadlines = new Deadlines(
			operationTimeoutMs,
			`no answer within ${operationTimeoutMs} ms`,
		);
		this.#failureLimit = failures;
		this.#openMs = openMs;
	}

	get(key: string): Promise<string | null> {
		return this.getThen(key, null, pass, raise);
	}

	/**
	 * `get`, and what the caller makes of the content or of the failure, with no promise in between: a read that finds its
	 * value in the cache is nothing else. `context` is for the caller's functions, which then need not be made for each read.
	 */
	getThen<C, R>(
		key: string,
		context: C,
		onContent: (content: string | null, context: C) => R | PromiseLike<R>,
		onFailure: (error: CacheUnavailableError, context: C) => R | PromiseLike<R>,
	): Promise<R> {
		return this.#run("get", startGet, key, context, onContent, onFailure);
	}

	getMany(keys: readonly string[]): Promise<(string | null)[]> {
		return this.#run("getMany", (store) => store.getMany(keys), null, null, pass, raise);
	}

	swap(key: string, expected: string | null, next: string | null, ttlMs: number): Promise<boolean> {
		const start = (store: Store) => store.swap(key, expected, next, ttlMs);
		return this.#run("swap", start, null, null, pass, raise);
	}

	#run<A, T, C, R>(
		operation: string,
		start: (store: Store, argument: A) => Promise<T>,
		argument: A,
		context: C,
		onValue: (value: T, context: C) => R | PromiseLike<R>,
		onFailure: (error: CacheUnavailableError, context: C) => R | PromiseLike<R>,
	): Promise<R> {
		const isProbe = this.#openUntil !== null;
		if (isProbe && !this.#beginProbe()) {
			const error = new CacheUnavailableError(`${operation}: the cache is unavailable`);
			return new Promise((resolve) => resolve(onFailure(error, context)));
		}
		return new Promise((resolve, reject) => {
			const fail = (error: unknown) => {
				if (deadline.isOver) return;
				deadline.isOver = true;
				this.#failed(operation, error, isProbe);
				try {
					resolve(onFailure(unavailable(operation, error), context));
				} catch (thrown) {
					reject(thrown);
				}
			};
			const succeed = (value: T) => {
				if (deadline.isOver) return;
				deadline.isOver = true;
				if (this.#failures > 0 || isProbe) this.#succeeded(isProbe);
				try {
					resolve(onValue(value, context));
				} catch (thrown) {
					reject(thrown);
				}
			};
			const deadline = this.#deadlines.add(fail);
			try {
				start(this.#store, argument).then(succeed, fail);
			} catch (error) {
				fail(error);
			}
		});
	}

	/** Whether the operation may try a cache that is taken for unavailable. */
	#beginProbe(): boolean {
		if (this.#isProbing || this.#clock.now() < (this.#openUntil ?? 0)) return false;
		this.#isProbing = true;
		this.#emit?.({ type: "breaker", state: "half-open" });
		return true;
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
}

function startGet(store: Store, key: string): Promise<string | null> {
	return store.get(key);
}

function pass<T>(value: T): T {
	return value;
}

function raise(error: CacheUnavailableError): never {
	throw error;
}

function unavailable(operation: string, error: unknown): CacheUnavailableError {
	if (error instanceof CacheUnavailableError) return error;
	const message = error instanceof Error ? error.message : String(error);
	return new CacheUnavailableError(`${operation}: ${message}`, { cause: error });
}
