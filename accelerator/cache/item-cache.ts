import { randomBytes } from "node:crypto";
import { z } from "zod";
import { halfReadUnits, type Item, isItem, itemBytes } from "../dynamodb/attribute-value.ts";
import type { CacheLink } from "./cache-link.ts";
import { keyDigest } from "./key-digest.ts";

/** After so long a write counts as dead: longer than an upstream may take over one. */
export const WRITE_DEAD_MS = 60_000;
/** How long after a write a miss is read strongly: a replica of the table that lags must not fill the cache. */
export const RECENT_MS = 10_000;
const LEASE_MS = 30_000;

/** What the cache holds of an item. */
export interface CachedItem {
	/** As JSON; null for a key that the table doesn't have. */
	readonly json: string | null;
	/** What reading it from the table costs, eventually consistent, in halves of read units. */
	readonly halfUnits: number;
}

export type Lookup =
	| { readonly kind: "hit"; readonly item: CachedItem }
	/** A reader may fill the entry under this lease, and must read strongly if a write was recent. */
	| { readonly kind: "miss"; readonly lease: string; readonly recent: boolean }
	/** A write is under way: what is read now may not be kept. */
	| { readonly kind: "busy" };

/** A table, by its identity, and a key in it in canonical form. */
export interface ItemPlace {
	readonly table: string;
	readonly partition: string;
	readonly sort: string;
}

/** An item's keys (cache/scripts.ts), in one slot of a cluster. */
export interface ItemKeys {
	readonly entry: string;
	readonly meta: string;
	readonly before: string;
	readonly generation: number;
}

/** A write under way. */
export interface WriteTicket {
	readonly place: ItemPlace;
	readonly keys: ItemKeys;
	readonly id: string;
	readonly number: string;
	readonly alone: string;
}

const leaseAnswer = z.union([
	z.tuple([z.literal("e"), z.string()]),
	z.tuple([z.literal("w")]),
	z.tuple([z.literal("l"), z.string(), z.number()]),
]);
const beginAnswer = z.tuple([z.number(), z.number()]);

/** The entries of items, and the order of reads and writes on them. All of it throws CacheAwayError. */
export class ItemCache {
	readonly #link: CacheLink;
	readonly #prefix: string;
	/** How long entries that are stored from now on are kept. */
	ttlMs: number;

	constructor(link: CacheLink, prefix: string, ttlMs: number) {
		this.#link = link;
		this.#prefix = prefix;
		this.ttlMs = ttlMs;
	}

	keysOf({ table, partition, sort }: ItemPlace): ItemKeys {
		const { generation } = this.#link;
		const digest = keyDigest(["item", generation, table, partition, sort]);
		const entry = `${this.#prefix}{${digest}}`;
		return { entry, meta: `${entry}m`, before: `${entry}b`, generation };
	}

	/** The entry alone, without a lease. */
	async peek(keys: ItemKeys): Promise<CachedItem | null> {
		const text = await this.#link.get(keys.entry);
		return text === null ? null : decode(text);
	}

	async lookUp({ entry, meta }: ItemKeys): Promise<Lookup> {
		const answer = leaseAnswer.parse(
			await this.#link.run("larderLease", [entry, meta], [randomId(), LEASE_MS, RECENT_MS]),
		);
		switch (answer[0]) {
			case "e":
				return { kind: "hit", item: decode(answer[1]) };
			case "w":
				return { kind: "busy" };
			case "l":
				return { kind: "miss", lease: answer[1], recent: answer[2] === 1 };
		}
	}

	async fill({ entry, meta }: ItemKeys, lease: string, item: CachedItem): Promise<void> {
		await this.#link.run("larderFill", [entry, meta], [lease, encode(item), this.ttlMs]);
	}

	async begin(place: ItemPlace): Promise<WriteTicket> {
		const keys = this.keysOf(place);
		const id = randomId();
		const answer = await this.#link.run(
			"larderBegin",
			[keys.entry, keys.meta, keys.before],
			[id, WRITE_DEAD_MS],
		);
		const [number, alone] = beginAnswer.parse(answer);
		return { place, keys, id, number: String(number), alone: String(alone) };
	}

	/**
	 * `item` is what the table holds now, if that is known. Call it after the table's answer, and `settle` after it.
	 */
	async end({ keys, id, number, alone }: WriteTicket, item: CachedItem | null): Promise<void> {
		const value = item === null ? "" : encode(item);
		const args = [id, number, alone, value, this.ttlMs, WRITE_DEAD_MS];
		await this.#link.run("larderEnd", [keys.entry, keys.meta, keys.before], args);
	}

	/** For a write that the table hasn't got and won't get: the entry is again what it was before the write. */
	async undo({ keys, id, number, alone }: WriteTicket): Promise<void> {
		const args = [id, number, alone];
		await this.#link.run("larderUndo", [keys.entry, keys.meta, keys.before], args);
	}

	/** Voids the entry of a newer generation, which didn't know about the write. */
	async settle(ticket: WriteTicket): Promise<void> {
		const keys = this.keysOf(ticket.place);
		if (keys.generation !== ticket.keys.generation) await this.end({ ...ticket, keys }, null);
	}
}

export function toCachedItem(item: unknown): CachedItem | null {
	if (item === undefined) return { json: null, halfUnits: 1 };
	if (!isItem(item)) return null;
	return { json: JSON.stringify(item), halfUnits: halfReadUnits(itemBytes(item)) };
}

export function parseItem({ json }: CachedItem): Item | null {
	if (json === null) return null;
	const item: unknown = JSON.parse(json);
	if (!isItem(item)) throw new Error("an entry of the cache isn't an item");
	return item;
}

function encode({ json, halfUnits }: CachedItem): string {
	return `${halfUnits}:${json ?? ""}`;
}

function decode(text: string): CachedItem {
	const colon = text.indexOf(":");
	const json = text.slice(colon + 1);
	return { json: json === "" ? null : json, halfUnits: Number(text.slice(0, colon)) };
}

function randomId(): string {
	return randomBytes(9).toString("base64url");
}
