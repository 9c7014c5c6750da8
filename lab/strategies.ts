import {
	type CacheEvent,
	cacheAside,
	type Store,
	writeAround,
	writeBehind,
	writeThrough,
} from "larder-patterns";
import type { LabStrategy } from "../server/contract/lab.ts";
import type { Item, ItemDatabase } from "./item-database.ts";
import type { Versions } from "./versions.ts";

export interface StrategyOptions {
	readonly database: ItemDatabase;
	readonly store: Store;
	/** Of this strategy's keys in the cache. */
	readonly prefix: string;
	readonly ttlMs: number;
	readonly versions: Versions;
	onEvent(event: CacheEvent): void;
}

/** How an application reads and writes items. */
export interface Application {
	read(id: number): Promise<Item | undefined>;
	write(id: number): Promise<void>;
	/** Gives the database what waits. */
	finish(): Promise<void>;
}

/** An application that uses the strategy, with nothing but what the library offers. */
export function makeApplication(strategy: LabStrategy, options: StrategyOptions): Application {
	const { database, store, prefix, ttlMs, versions, onEvent } = options;
	const load = (key: string) => database.read(Number(key));
	const write = async (id: number) => {
		const item = await database.write(id);
		versions.written(id, item.version);
		return item;
	};
	const cacheOptions = { ...{ store, prefix, ttlMs, onEvent }, load };
	const nothing = async () => undefined;
	switch (strategy) {
		case "no-cache":
			return {
				read: async (id) => (await database.read(id)) ?? undefined,
				write: async (id) => void (await write(id)),
				finish: nothing,
			};
		case "ttl-only": {
			const cache = cacheAside<Item>(cacheOptions);
			return {
				read: (id) => cache.get(String(id)),
				write: async (id) => void (await write(id)),
				finish: nothing,
			};
		}
		case "cache-aside":
		case "early-refresh": {
			const early = strategy === "early-refresh" ? { staleMs: ttlMs, earlyRefresh: 1 } : {};
			const cache = cacheAside<Item>({ ...cacheOptions, ...early });
			return {
				read: (id) => cache.get(String(id)),
				async write(id) {
					await write(id);
					await cache.invalidate(String(id));
				},
				finish: nothing,
			};
		}
		case "write-through":
		case "write-around": {
			const make = strategy === "write-through" ? writeThrough : writeAround;
			// The database gives an item its version. What is put stands for the write, and nothing else of it is used.
			const cache = make<Item>({ ...cacheOptions, write: (key) => write(Number(key)) });
			return {
				read: (id) => cache.get(String(id)),
				write: async (id) => void (await cache.put(String(id), { version: 0, payload: "" })),
				finish: nothing,
			};
		}
		case "write-behind":
			return makeWriteBehind(options, cacheOptions);
	}
}

/** Here the cache has the newest version, and the database gets it later. */
function makeWriteBehind(
	{ database, versions }: StrategyOptions,
	cacheOptions: Omit<Parameters<typeof writeBehind<Item>>[0], "writeMany">,
): Application {
	const cache = writeBehind<Item>({
		...cacheOptions,
		writeMany: (items) =>
			database.writeMany(
				new Map([...items].map(([key, item]) => [Number(key), item?.version ?? 0])),
			),
	});
	return {
		read: (id) => cache.get(String(id)),
		async write(id) {
			const version = versions.next(id);
			await cache.put(String(id), { version, payload: versions.payload });
			versions.written(id, version);
		},
		finish: () => cache.flush(),
	};
}
