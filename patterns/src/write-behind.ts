import type { CacheParts } from "./cache-parts.ts";
import { readContent } from "./entry.ts";
import { CacheUnavailableError } from "./store.ts";

const MAX_TRIES = 20;
const LONGEST_RETRY_MS = 30_000;

export interface WriteBehindSettings<V> {
	/** Writes the latest values to the database; null: removes the key. It is called again with the same ones if it fails. */
	writeMany(values: ReadonlyMap<string, V | null>): Promise<void>;
	/** How long a write waits for others, before they go to the database together. Milliseconds, 1,000 by default. */
	readonly flushMs: number;
	/** How many keys go to the database at once. 100 by default. */
	readonly batchSize: number;
	/** How many keys may wait; further writes wait until there is room. 10,000 by default. */
	readonly maxPending: number;
}

interface Caching<V> {
	value: V | null;
	/** The cache doesn't have it yet. */
	isNew: boolean;
	done: Promise<void>;
}

/** Values that the cache has and the database will get. They are in this process's memory: if it dies, the database never gets them. */
export class WriteBehind<V> {
	readonly #parts: CacheParts<V>;
	readonly #options: WriteBehindSettings<V>;
	readonly #waiting = new Map<string, V | null>();
	/** Gone to the database, without an answer yet. */
	#underWay: ReadonlyMap<string, V | null> = new Map();
	readonly #caching = new Map<string, Caching<V>>();
	#timer: NodeJS.Timeout | undefined;
	#flushing: Promise<void> | undefined;
	#retryMs = 0;
	#room: (() => void)[] = [];

	constructor(parts: CacheParts<V>, options: WriteBehindSettings<V>) {
		this.#parts = parts;
		this.#options = options;
	}

	get pending(): number {
		return this.#waiting.size + this.#underWay.size;
	}

	/** A value that the database may not have yet; undefined if there is none. */
	latest(key: string): V | null | undefined {
		const value = this.#waiting.get(key);
		return value === undefined ? this.#underWay.get(key) : value;
	}

	/** Resolves when the cache has it; while the cache is unavailable, when the database has it. */
	async put(key: string, value: V | null): Promise<void> {
		while (this.#waiting.size >= this.#options.maxPending && !this.#waiting.has(key)) {
			await new Promise<void>((resolve) => this.#room.push(resolve));
		}
		this.#waiting.set(key, value);
		this.#schedule(this.#retryMs || this.#options.flushMs);
		try {
			await this.#cache(key, value);
		} catch {
			await this.#parts.invalidations.invalidateKey(key);
			await this.flush();
		}
	}

	/** Writes all that waits to the database. Throws what the database throws; then it still waits. */
	async flush(): Promise<void> {
		// One that runs may have begun before the last write.
		await this.#flushing?.catch(() => undefined);
		this.#flushing ??= this.#flushAll().finally(() => {
			this.#flushing = undefined;
		});
		await this.#flushing;
	}

	/** One replacement of a key at a time, so that the last write stays. */
	#cache(key: string, value: V | null): Promise<void> {
		const running = this.#caching.get(key);
		if (running !== undefined) {
			running.value = value;
			running.isNew = true;
			return running.done;
		}
		const job: Caching<V> = { value, isNew: true, done: Promise.resolve() };
		this.#caching.set(key, job);
		job.done = this.#replaceWhileNew(key, job);
		return job.done;
	}

	async #replaceWhileNew(key: string, job: Caching<V>): Promise<void> {
		try {
			while (job.isNew) {
				job.isNew = false;
				await this.#replace(key, job.value);
			}
		} finally {
			this.#caching.delete(key);
		}
	}

	async #replace(key: string, value: V | null): Promise<void> {
		const { store, settings, reader, loader } = this.#parts;
		const place = settings.prefix + key;
		const tagIds = await reader.tagIdsOf(key);
		const content = loader.contentOf(value, 0, tagIds);
		for (let tries = 0; tries < MAX_TRIES; tries += 1) {
			const raw = await store.get(place);
			if (raw === null && content === null) return;
			const expected = raw === null ? null : readContent(raw).prefix;
			if (await store.swap(place, expected, content?.raw ?? null, content?.ttlMs ?? 1)) return;
		}
		throw new CacheUnavailableError(`${place} changes too often to be written`);
	}

	#schedule(ms: number): void {
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			this.flush().catch(() => undefined);
		}, ms);
	}

	async #flushAll(): Promise<void> {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		while (this.#waiting.size > 0) {
			const batch = new Map([...this.#waiting].slice(0, this.#options.batchSize));
			for (const key of batch.keys()) this.#waiting.delete(key);
			this.#underWay = batch;
			const startedAt = performance.now();
			const event = { type: "flush", keys: [...batch.keys()] } as const;
			try {
				await this.#options.writeMany(batch);
				this.#retryMs = 0;
				this.#parts.emit?.({ ...event, durationMs: performance.now() - startedAt });
			} catch (error) {
				// Later writes of the same keys win.
				for (const [key, value] of batch) {
					if (!this.#waiting.has(key)) this.#waiting.set(key, value);
				}
				this.#retryMs = Math.min(
					LONGEST_RETRY_MS,
					Math.max(this.#options.flushMs, this.#retryMs * 2),
				);
				this.#schedule(this.#retryMs);
				this.#parts.emit?.({ ...event, durationMs: performance.now() - startedAt, error });
				throw error;
			} finally {
				this.#underWay = new Map();
				for (const resume of this.#room.splice(0)) resume();
			}
		}
	}
}
