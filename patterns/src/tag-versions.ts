import { newId, readTag, writeTag } from "./entry.ts";
import type { Timing } from "./options.ts";
import type { Store } from "./store.ts";

/** A tag's version outlives the values that name it; one that is lost makes them miss, and nothing else. */
const TAG_TTL_MS = 30 * 24 * 3_600_000;

/**
 * Each tag has a version in the cache, and each value names the versions that its tags had before it was loaded. Removing a
 * version invalidates all values that name it: the next load makes a new one, which no older value can name.
 */
export class TagVersions {
	readonly #store: Store;
	readonly #settings: Pick<Timing, "prefix" | "clock">;
	readonly #tagsOf: (key: string) => readonly string[];

	constructor(
		store: Store,
		settings: Pick<Timing, "prefix" | "clock">,
		tagsOf: (key: string) => readonly string[],
	) {
		this.#store = store;
		this.#settings = settings;
		this.#tagsOf = tagsOf;
	}

	/** Reads keys (`places` in the cache) together with the versions of their tags. */
	async readWith(
		keys: readonly string[],
		places: readonly string[],
	): Promise<{ raw: string | null; tagIds: string }[]> {
		if (keys.length === 0) return [];
		const tags = keys.map((key) => this.#tagsOf(key));
		const unique = [...new Set(tags.flat())];
		const raws = await this.#store.getMany([
			...places,
			...unique.map((tag) => tagPlace(this.#settings.prefix, tag)),
		]);
		const ids = new Map<string, string>();
		await Promise.all(
			unique.map(async (tag, index) => {
				ids.set(tag, readTag(raws[places.length + index] ?? null) ?? (await this.#create(tag)));
			}),
		);
		return places.map((_, index) => ({
			raw: raws[index] ?? null,
			tagIds: (tags[index] ?? []).map((tag) => ids.get(tag)).join(""),
		}));
	}

	/** The versions of a key's tags now. */
	async idsOf(key: string): Promise<string> {
		const [reading] = await this.readWith([key], [`${this.#settings.prefix}${key}`]);
		return reading?.tagIds ?? "";
	}

	async #create(tag: string): Promise<string> {
		const place = tagPlace(this.#settings.prefix, tag);
		for (let tries = 0; tries < 10; tries += 1) {
			const id = newId(this.#settings.clock.now());
			if (await this.#store.swap(place, null, writeTag(id), TAG_TTL_MS)) return id;
			const raw = await this.#store.get(place);
			const known = readTag(raw);
			if (known !== null) return known;
			if (raw !== null) await this.#store.swap(place, raw, null, 1);
		}
		// Invalidated without pause: a version that no other read will know.
		return newId(this.#settings.clock.now());
	}
}

export function tagPlace(prefix: string, tag: string): string {
	return `${prefix}~tag:${tag}`;
}
