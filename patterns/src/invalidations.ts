import { readContent, writeWriters } from "./entry.ts";
import type { EventListener } from "./events.ts";
import type { Timing } from "./options.ts";
import { CacheUnavailableError, type Store } from "./store.ts";
import { tagPlace } from "./tag-versions.ts";

const MAX_TRIES = 20;
const RETRY_MS = 250;
const MAX_WAITING = 10_000;

interface Target {
	readonly place: string;
	/** A key or a tag, for events. */
	readonly name: string;
	/** The writer that ends with it. */
	readonly writer: string | null;
}

/**
 * Removes what a key or a tag has in the cache. What can't be removed because the cache is unavailable waits, is tried again until
 * it is done, and isn't read by this process in the meantime.
 */
export class Invalidations {
	readonly #store: Store;
	readonly #settings: Timing;
	readonly #writeLeaseMs: number;
	readonly #tagsOf: ((key: string) => readonly string[]) | undefined;
	readonly #emit: EventListener | undefined;
	/** By place. */
	readonly #waiting = new Map<string, Target>();
	#isRetrying = false;
	/** With too many waiting, this process leaves the cache alone until what it holds has expired. */
	#avoidUntil = 0;

	constructor(
		store: Store,
		settings: Timing,
		writeLeaseMs: number,
		tagsOf: ((key: string) => readonly string[]) | undefined,
		emit: EventListener | undefined,
	) {
		this.#store = store;
		this.#settings = settings;
		this.#writeLeaseMs = writeLeaseMs;
		this.#tagsOf = tagsOf;
		this.#emit = emit;
	}

	/** How many wait for the cache to come back. */
	get waiting(): number {
		return this.#waiting.size;
	}

	/** Whether the cache may still hold what this process has invalidated. */
	affects(key: string): boolean {
		if (this.#waiting.size === 0 && this.#avoidUntil === 0) return false;
		const { prefix, clock } = this.#settings;
		if (clock.now() < this.#avoidUntil) return true;
		const isWaiting = (place: string) => this.#waiting.has(place);
		return (
			isWaiting(prefix + key) ||
			(this.#tagsOf?.(key).some((tag) => isWaiting(tagPlace(prefix, tag))) ?? false)
		);
	}

	/** Resolves to whether it is done; false: it waits. */
	invalidateKey(key: string): Promise<boolean> {
		const place = this.#settings.prefix + key;
		return this.#invalidate({ place, name: key, writer: null });
	}

	invalidateTag(tag: string): Promise<boolean> {
		const place = tagPlace(this.#settings.prefix, tag);
		return this.#invalidate({ place, name: tag, writer: null });
	}

	/** Ends a writer's part in a key, without a value. */
	endWriter(key: string, writer: string): Promise<boolean> {
		return this.#invalidate({ place: this.#settings.prefix + key, name: key, writer });
	}

	async #invalidate(target: Target): Promise<boolean> {
		let done = true;
		try {
			await this.#remove(target);
		} catch {
			done = false;
			this.#wait(target);
		}
		this.#emit?.({ type: "invalidate", name: target.name, done });
		return done;
	}

	/**
	 * Throws if the cache is unavailable. Writers that are at work keep their mark, because until they end, the value that
	 * the database has isn't decided; but none of them may put its own there any more.
	 */
	async #remove({ place, writer }: Target): Promise<void> {
		for (let tries = 0; tries < MAX_TRIES; tries += 1) {
			const raw = await this.#store.get(place);
			if (raw === null) return;
			const content = readContent(raw);
			const others = content.kind === "writing" ? content.ids.filter((id) => id !== writer) : [];
			const next = writeWriters(others, "several");
			if (next === raw) return;
			if (await this.#store.swap(place, content.prefix, next, this.#writeLeaseMs)) return;
		}
		throw new CacheUnavailableError(`${place} changes too often to be removed`);
	}

	#wait(target: Target): void {
		if (this.#waiting.size >= MAX_WAITING) {
			const { clock, ttlMs, ttlJitter, staleMs } = this.#settings;
			this.#avoidUntil = clock.now() + ttlMs * (1 + ttlJitter) + staleMs;
		} else {
			this.#waiting.set(target.place, target);
		}
		if (!this.#isRetrying) void this.#retry();
	}

	async #retry(): Promise<void> {
		this.#isRetrying = true;
		while (this.#waiting.size > 0) {
			await this.#settings.clock.sleep(RETRY_MS, { background: true });
			for (const [place, target] of [...this.#waiting]) {
				try {
					await this.#remove(target);
				} catch {
					break;
				}
				if (this.#waiting.get(place) === target) this.#waiting.delete(place);
				this.#emit?.({ type: "invalidate", name: target.name, done: true });
			}
		}
		this.#isRetrying = false;
	}
}
