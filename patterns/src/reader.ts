import { newId, readContent, Value, writeLease } from "./entry.ts";
import type { EventListener, ReadOutcome } from "./events.ts";
import type { GuardedStore } from "./guarded-store.ts";
import type { Invalidations } from "./invalidations.ts";
import type { Loader, Remembered } from "./loader.ts";
import type { CacheOptions, Settings } from "./options.ts";
import { Refresher } from "./refresher.ts";
import { TagVersions } from "./tag-versions.ts";

const FIRST_POLL_MS = 4;
const LONGEST_POLL_MS = 64;
/** A content that holds no value for the caller. */
const NOTHING = Symbol("nothing");

/** A load that callers of this process share. */
interface Flight<V> {
	/** When it began, in the order of this process's reads. */
	readonly began: number;
	readonly id: string;
	readonly tagIds: string;
	readonly result: Promise<V | undefined>;
}

/** A read that a caller waits for, of one key or, at the same moment, of several. */
interface Read {
	readonly key: string;
	/** Its place in the order of this process's reads. */
	readonly order: number;
	/** By `performance.now()`; 0 if nobody listens. */
	readonly startedAt: number;
}

/** What one read of the cache brought. */
interface Reading {
	readonly raw: string | null;
	/** The versions of the key's tags; "" without tags. */
	readonly tagIds: string;
}

/**
 * Reads through the cache. The state of a key in the cache, and what a read does with it:
 *
 *   nothing, or a value too old ─ puts its lease there ─> loads, and replaces its lease by the value
 *   another's lease             ─ waits for the value
 *   a fresh value               ─ returns it
 *   a value past its TTL        ─ returns it, and loads it anew behind the caller's back
 *   writers                     ─ asks the database, and leaves the cache alone
 *
 * A loader replaces nothing but its own lease (or the value that it refreshes), and every invalidation and every write
 * takes that away. So a value that was read from the database before a change never enters the cache after it.
 */
export class Reader<V> {
	readonly #settings: Settings<V>;
	readonly #store: GuardedStore;
	readonly #loader: Loader<V>;
	readonly #invalidations: Invalidations;
	readonly #emit: EventListener | undefined;
	readonly #tags: TagVersions | null;
	readonly #flights = new Map<string, Flight<V>>();
	readonly #refresher: Refresher<V>;
	#order = 0;
	readonly #onContent = (raw: string | null, read: Read) => this.#answer(read, raw, "");
	readonly #onFailure = (_: unknown, read: Read) => this.#fallBack(read);
	readonly counts: Record<ReadOutcome, number> = {
		...{ hit: 0, "negative-hit": 0, stale: 0, miss: 0 },
		...{ shared: 0, bypass: 0, fallback: 0 },
	};

	constructor(
		options: CacheOptions<V>,
		settings: Settings<V>,
		store: GuardedStore,
		loader: Loader<V>,
		invalidations: Invalidations,
	) {
		this.#loader = loader;
		this.#settings = settings;
		this.#store = store;
		this.#invalidations = invalidations;
		this.#emit = options.onEvent;
		this.#tags =
			options.tags === undefined
				? null
				: new TagVersions(store, settings, options.tags.bind(options));
		this.#refresher = new Refresher(settings, store, loader, (key) => this.tagIdsOf(key));
	}

	get(key: string): Promise<V | undefined> {
		const read = this.#begin(key);
		if (this.#invalidations.affects(key)) return this.#fallBack(read);
		if (this.#tags === null) {
			return this.#store.getThen(this.#at(key), read, this.#onContent, this.#onFailure);
		}
		return this.#read(key).then(
			({ raw, tagIds }) => this.#answer(read, raw, tagIds),
			() => this.#fallBack(read),
		);
	}

	/** Values of keys that have one. Keys that must be loaded are loaded with one call of `loadMany`, if there is one. */
	async getMany(keys: readonly string[]): Promise<Map<string, V>> {
		const unique = [...new Set(keys)];
		const moment = this.#begin("");
		const readOf = (key: string): Read => ({ ...moment, key });
		const { canLoadMany } = this.#loader;
		const clean = unique.filter((key) => !this.#invalidations.affects(key));
		let readings: Reading[] | null = null;
		try {
			readings = await this.#readMany(clean);
		} catch {
			// Every key falls back.
		}
		const known = new Map(clean.map((key, index) => [key, readings?.[index]]));
		const missing: { key: string; reading: Reading }[] = [];
		const away: string[] = [];
		const answers = new Map<string, Promise<V | undefined> | V | undefined>();
		for (const key of unique) {
			const reading = known.get(key);
			if (reading === undefined) away.push(key);
			else if (canLoadMany && this.#isMissing(reading)) missing.push({ key, reading });
			else {
				const { raw, tagIds } = reading;
				answers.set(key, this.#answer(readOf(key), raw, tagIds));
			}
		}
		if (away.length > 0 && canLoadMany) {
			for (const key of away) this.#count(readOf(key), "fallback");
			const loaded = this.#loader.loadMany(away, "direct");
			for (const key of away)
				answers.set(
					key,
					loaded.then((values) => values.get(key)),
				);
		} else {
			for (const key of away) answers.set(key, this.#fallBack(readOf(key)));
		}
		if (missing.length > 0) this.#leadMany(missing, readOf, answers);
		const values = new Map<string, V>();
		const results = await Promise.all(
			unique.map(async (key) => ({ key, value: await answers.get(key) })),
		);
		for (const { key, value } of results) if (value !== undefined) values.set(key, value);
		return values;
	}

	/** The versions of a key's tags. Throws if the cache is unavailable. */
	async tagIdsOf(key: string): Promise<string> {
		return this.#tags === null ? "" : this.#tags.idsOf(key);
	}

	#begin(key: string): Read {
		const startedAt = this.#emit === undefined ? 0 : performance.now();
		return { key, order: ++this.#order, startedAt };
	}

	/** The key in the cache. */
	#at(key: string): string {
		return this.#settings.prefix + key;
	}

	async #read(key: string): Promise<Reading> {
		if (this.#tags === null) return { raw: await this.#store.get(this.#at(key)), tagIds: "" };
		const [reading] = await this.#readMany([key]);
		return reading ?? { raw: null, tagIds: "" };
	}

	async #readMany(keys: readonly string[]): Promise<Reading[]> {
		const places = keys.map((key) => this.#at(key));
		if (this.#tags !== null) return this.#tags.readWith(keys, places);
		if (places.length === 0) return [];
		return (await this.#store.getMany(places)).map((raw) => ({ raw, tagIds: "" }));
	}

	/** Whether the value must be loaded before it can be returned. */
	#isMissing({ raw, tagIds }: Reading): boolean {
		if (raw === null) return true;
		const content = readContent(raw);
		if (content.kind === "foreign") return true;
		return isValue(content) && !this.#isUsable(content, tagIds, this.#settings.clock.now());
	}

	#isUsable(value: Value, tagIds: string, now: number): boolean {
		const grace = value.kind === "value" ? this.#settings.staleMs : 0;
		return value.tagIds === tagIds && now < value.freshUntil + grace;
	}

	#answer(read: Read, raw: string | null, tagIds: string): Promise<V | undefined> | V | undefined {
		if (raw === null) return this.#miss(read, null, tagIds);
		const content = readContent(raw);
		switch (content.kind) {
			case "value":
			case "none": {
				const now = this.#settings.clock.now();
				const found = this.#valueOf(content, tagIds, now);
				if (found === NOTHING) return this.#miss(read, content.prefix, tagIds);
				this.#noteUse(read, content, now);
				return found;
			}
			case "foreign":
				return this.#miss(read, content.prefix, tagIds);
			case "writing":
				this.#count(read, "bypass");
				return this.#loader.loadDirectly(read.key);
			case "lease": {
				const { key, order } = read;
				this.#count(read, "shared");
				const known = this.#flights.get(key);
				// If the lease and the tags still stand, no change has ended since its holder began to load.
				const isHolder = known?.id === content.ids[0] && known?.tagIds === tagIds;
				if (known !== undefined && (isHolder || known.began > order)) return known.result;
				return this.#fly(key, "", tagIds, this.#follow(key));
			}
		}
	}

	/** NOTHING if it is too old, or can't be decoded. */
	#valueOf(content: Value, tagIds: string, now: number): V | undefined | typeof NOTHING {
		if (!this.#isUsable(content, tagIds, now)) return NOTHING;
		if (content.kind === "none") return undefined;
		try {
			return this.#settings.codec.decode(content.text);
		} catch {
			return NOTHING;
		}
	}

	/** Counts a read that the cache answered, and loads the value anew if it is time. */
	#noteUse(read: Read, content: Value, now: number): void {
		const { clock, earlyRefresh } = this.#settings;
		const left = content.freshUntil - now;
		const isEarly =
			earlyRefresh > 0 && left <= -content.loadMs * earlyRefresh * Math.log(1 - clock.random());
		if (left <= 0 || isEarly) this.#refresher.refresh(read.key, content);
		if (left <= 0) this.#count(read, "stale");
		else this.#count(read, content.kind === "none" ? "negative-hit" : "hit");
	}

	#miss(read: Read, expected: string | null, tagIds: string): Promise<V | undefined> {
		const { key } = read;
		const shared = this.#sharedFlight(read);
		if (shared !== null) return shared;
		const id = newId(this.#settings.clock.now());
		return this.#fly(key, id, tagIds, this.#lead(key, id, expected, tagIds));
	}

	/** Counts a read that must load, and returns the load under way that answers it; null if it must begin its own. */
	#sharedFlight(read: Read): Promise<V | undefined> | null {
		const known = this.#flights.get(read.key);
		// One that began after this read sees every change that ended before it.
		const isShared = known !== undefined && known.began > read.order;
		this.#count(read, isShared ? "shared" : "miss");
		return isShared ? known.result : null;
	}

	#fly(
		key: string,
		id: string,
		tagIds: string,
		result: Promise<V | undefined>,
	): Promise<V | undefined> {
		const flight: Flight<V> = { began: ++this.#order, id, tagIds, result };
		this.#flights.set(key, flight);
		const forget = () => {
			if (this.#flights.get(key) === flight) this.#flights.delete(key);
		};
		result.then(forget, forget);
		return result;
	}

	/** Loads with a lease, or waits for the one that has it. */
	async #lead(
		key: string,
		id: string,
		expected: string | null,
		tagIds: string,
	): Promise<V | undefined> {
		const lease = writeLease(id);
		let isMine: boolean;
		try {
			isMine = await this.#store.swap(this.#at(key), expected, lease, this.#settings.loadLeaseMs);
		} catch {
			return this.#loader.loadDirectly(key);
		}
		return isMine ? this.#loadWith(key, lease, tagIds) : this.#follow(key);
	}

	async #loadWith(key: string, lease: string, tagIds: string): Promise<V | undefined> {
		const { clock } = this.#settings;
		const startedAt = clock.now();
		let value: V | null | undefined;
		try {
			value = await this.#loader.load(key, "miss");
		} catch (error) {
			await this.#fill(key, lease, null);
			throw error;
		}
		await this.#fill(key, lease, this.#loader.contentOf(value, clock.now() - startedAt, tagIds));
		return value ?? undefined;
	}

	/** Replaces a lease or an older value. If it fails, the lease expires by itself. */
	async #fill(key: string, expected: string, content: Remembered | null): Promise<void> {
		try {
			await this.#store.swap(this.#at(key), expected, content?.raw ?? null, content?.ttlMs ?? 1);
		} catch {
			// The store has reported it.
		}
	}

	/** Waits until the cache has the value that another process loads, and takes over if that one gives up. */
	async #follow(key: string): Promise<V | undefined> {
		const { clock, waitMs, loadLeaseMs } = this.#settings;
		const until = clock.now() + waitMs;
		try {
			for (let pauseMs = FIRST_POLL_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_POLL_MS)) {
				const { raw, tagIds } = await this.#read(key);
				const content = raw === null ? null : readContent(raw);
				if (content?.kind === "writing") break;
				if (content !== null && isValue(content)) {
					const found = this.#valueOf(content, tagIds, clock.now());
					if (found !== NOTHING) return found;
				}
				if (content?.kind !== "lease") {
					const lease = writeLease(newId(clock.now()));
					const expected = content?.prefix ?? null;
					if (await this.#store.swap(this.#at(key), expected, lease, loadLeaseMs)) {
						return await this.#loadWith(key, lease, tagIds);
					}
				}
				if (clock.now() >= until) break;
				await clock.sleep(pauseMs * (0.5 + clock.random()));
			}
		} catch (error) {
			if (!(error instanceof Error && error.name === "CacheUnavailableError")) throw error;
		}
		return this.#loader.loadDirectly(key);
	}

	/** Takes leases for many keys, and loads those that it got with one call. */
	#leadMany(
		missing: readonly { key: string; reading: Reading }[],
		readOf: (key: string) => Read,
		answers: Map<string, Promise<V | undefined> | V | undefined>,
	): void {
		const led = missing.flatMap(({ key, reading }) => {
			const shared = this.#sharedFlight(readOf(key));
			if (shared !== null) {
				answers.set(key, shared);
				return [];
			}
			return [{ key, reading, id: newId(this.#settings.clock.now()) }];
		});
		const { clock, loadLeaseMs } = this.#settings;
		const leases = Promise.all(
			led.map(async ({ key, reading: { raw }, id }) => {
				const content = raw === null ? null : readContent(raw);
				const lease = writeLease(id);
				const place = this.#at(key);
				return this.#store
					.swap(place, content?.prefix ?? null, lease, loadLeaseMs)
					.catch(() => null);
			}),
		);
		const loaded = leases.then((taken) => {
			// Without an answer about its lease, a key is loaded all the same, and then not kept.
			const own = led.filter((_, index) => taken[index] !== false).map(({ key }) => key);
			return own.length === 0 ? new Map<string, V>() : this.#loader.loadMany(own, "miss");
		});
		for (const [index, { key, reading, id }] of led.entries()) {
			const result = leases.then(async (taken) => {
				if (taken[index] === false) return this.#follow(key);
				const since = clock.now();
				const lease = writeLease(id);
				try {
					const value = (await loaded).get(key);
					const content = this.#loader.contentOf(value, clock.now() - since, reading.tagIds);
					await this.#fill(key, lease, content);
					return value;
				} catch (error) {
					await this.#fill(key, lease, null);
					throw error;
				}
			});
			answers.set(key, this.#fly(key, id, reading.tagIds, result));
		}
	}

	#fallBack(read: Read): Promise<V | undefined> {
		this.#count(read, "fallback");
		return this.#loader.loadDirectly(read.key);
	}

	#count({ key, startedAt }: Read, outcome: ReadOutcome): void {
		this.counts[outcome] += 1;
		this.#emit?.({ type: "read", key, outcome, durationMs: performance.now() - startedAt });
	}
}

function isValue(content: object): content is Value {
	return content instanceof Value;
}
