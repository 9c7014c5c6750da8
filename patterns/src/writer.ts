import type { CacheParts } from "./cache-parts.ts";
import { newId, readContent, timeOf, writeWriters } from "./entry.ts";
import type { Remembered } from "./loader.ts";
import { CacheUnavailableError } from "./store.ts";

const MAX_TRIES = 20;

export interface WriterOptions {
	/**
	 * How long a write of the database may take at most. Milliseconds, 10,000 by default. If a writer dies, readers ask the
	 * database for this long.
	 */
	readonly writeLeaseMs?: number;
	/**
	 * What a write does while the cache is unavailable. `proceed`, the default: it writes the database, and invalidates the
	 * cache when that is back; until then, other processes that reach the cache may read the old value, for up to its TTL.
	 * `refuse`: it throws CacheUnavailableError and writes nothing.
	 */
	readonly whenUnavailable?: "proceed" | "refuse";
	/**
	 * Whether an error that a write threw says that the database didn't and won't carry it out. Otherwise, as by default, it may
	 * do so later: readers ask the database until the write lease ends.
	 */
	isRefused?(error: unknown): boolean;
}

export interface Change<V> {
	readonly key: string;
	/** Changes the database. Resolves to the value that the database has then; null: none. */
	change(): Promise<V | null>;
	/** Whether the cache gets the value. */
	readonly keep: boolean;
}

/**
 * Changes the database and the cache so that no read that begins after a change returns an older value:
 *
 *   1. The writer puts its mark in the place of what the cache holds. From now on, readers ask the database.
 *   2. It changes the database.
 *   3. It replaces its mark by the value if it was alone; otherwise it only takes its mark away.
 *
 * A writer that dies leaves its mark, and so does one whose change failed, because the database may still carry it out. The
 * mark expires; until then, readers ask the database.
 */
export class Writer<V> {
	readonly #parts: CacheParts<V>;
	readonly #leaseMs: number;
	readonly #refuses: boolean;
	readonly #isRefused: (error: unknown) => boolean;

	constructor(parts: CacheParts<V>, options: Required<WriterOptions>) {
		this.#parts = parts;
		this.#leaseMs = options.writeLeaseMs;
		this.#refuses = options.whenUnavailable === "refuse";
		this.#isRefused = options.isRefused;
	}

	/** Throws what `change` throws; then the cache has no value. */
	async write({ key, change, keep }: Change<V>): Promise<V | null> {
		const { reader, loader, invalidations, settings, emit } = this.#parts;
		const startedAt = performance.now();
		const writer = newId(settings.clock.now());
		const place = settings.prefix + key;
		let tagIds: string | null = null;
		try {
			tagIds = await reader.tagIdsOf(key);
			await this.#begin(place, writer);
		} catch (error) {
			if (this.#refuses) throw error;
			tagIds = null;
		}
		let value: V | null;
		try {
			value = await change();
		} catch (error) {
			if (this.#isRefused(error)) await invalidations.endWriter(key, writer);
			const durationMs = performance.now() - startedAt;
			emit?.({ type: "write", key, cached: false, durationMs, error });
			throw error;
		}
		const content = keep && tagIds !== null ? loader.contentOf(value, 0, tagIds) : null;
		const cached = content !== null && (await this.#replaceMark(place, writer, content));
		if (!cached) await invalidations.endWriter(key, writer);
		emit?.({ type: "write", key, cached, durationMs: performance.now() - startedAt });
		return value;
	}

	/** Puts the writer's mark there, beside those of others. Throws if the cache is unavailable. */
	async #begin(place: string, writer: string): Promise<void> {
		for (let tries = 0; tries < MAX_TRIES; tries += 1) {
			const raw = await this.#parts.store.get(place);
			const content = raw === null ? null : readContent(raw);
			const since = this.#parts.settings.clock.now() - this.#leaseMs;
			// The others that haven't died.
			const others =
				content?.kind === "writing" ? content.ids.filter((id) => timeOf(id) > since) : [];
			const mark = writeWriters([...others, writer], others.length === 0 ? "alone" : "several");
			if (await this.#parts.store.swap(place, content?.prefix ?? null, mark, this.#leaseMs)) return;
		}
		throw new CacheUnavailableError(`${place} changes too often to be written`);
	}

	async #replaceMark(place: string, writer: string, content: Remembered): Promise<boolean> {
		const mark = writeWriters([writer], "alone");
		try {
			return await this.#parts.store.swap(place, mark, content.raw, content.ttlMs);
		} catch {
			return false;
		}
	}
}
