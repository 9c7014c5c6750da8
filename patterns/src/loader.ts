import { DirectLoads } from "./direct-loads.ts";
import { newId, writeValue } from "./entry.ts";
import type { EventListener } from "./events.ts";
import type { CacheOptions, Settings } from "./options.ts";

/** What the cache remembers of a value. */
export interface Remembered {
	readonly raw: string;
	/** How long the engine keeps it. Milliseconds. */
	readonly ttlMs: number;
}

/** Reads the database, and makes of its values what the cache remembers. */
export class Loader<V> {
	readonly #options: CacheOptions<V>;
	readonly #settings: Settings<V>;
	readonly #emit: EventListener | undefined;
	readonly #direct = new DirectLoads<V | undefined>();

	constructor(options: CacheOptions<V>, settings: Settings<V>) {
		this.#options = options;
		this.#settings = settings;
		this.#emit = options.onEvent;
	}

	get canLoadMany(): boolean {
		return this.#options.loadMany !== undefined;
	}

	/** The content for a value that the database has now; null if the cache shouldn't remember it. */
	contentOf(value: V | null | undefined, loadMs: number, tagIds: string): Remembered | null {
		const { clock, codec, staleMs, negativeTtlMs, ttlJitter } = this.#settings;
		const isNone = value === null || value === undefined;
		if (isNone && negativeTtlMs === 0) return null;
		const base = isNone ? negativeTtlMs : this.#settings.ttlMs;
		const ttlMs = Math.max(1, Math.round(base * (1 + ttlJitter * (2 * clock.random() - 1))));
		const now = clock.now();
		const raw = writeValue({
			...{ id: newId(now), freshUntil: now + ttlMs, loadMs, tagIds },
			text: isNone ? null : codec.encode(value),
		});
		return { raw, ttlMs: ttlMs + (isNone ? 0 : staleMs) };
	}

	/** Leaves the cache alone. */
	loadDirectly(key: string): Promise<V | undefined> {
		return this.#direct.run(key, async () => (await this.load(key, "direct")) ?? undefined);
	}

	async load(key: string, reason: "miss" | "refresh" | "direct"): Promise<V | null | undefined> {
		return this.#timed([key], reason, () => this.#options.load(key));
	}

	async loadMany(
		keys: readonly string[],
		reason: "miss" | "direct",
	): Promise<ReadonlyMap<string, V>> {
		return this.#timed(keys, reason, async () => {
			const loaded = await this.#options.loadMany?.(keys);
			return loaded ?? new Map<string, V>();
		});
	}

	async #timed<T>(
		keys: readonly string[],
		reason: "miss" | "refresh" | "direct",
		load: () => Promise<T>,
	): Promise<T> {
		const startedAt = performance.now();
		try {
			const value = await load();
			this.#emit?.({ type: "load", keys, reason, durationMs: performance.now() - startedAt });
			return value;
		} catch (error) {
			const durationMs = performance.now() - startedAt;
			this.#emit?.({ type: "load", keys, reason, durationMs, error });
			throw error;
		}
	}
}
