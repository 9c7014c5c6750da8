import type { Store } from "./store.ts";

export interface MemoryStoreOptions {
	/** Milliseconds since 1970; the system's by default. */
	now?(): number;
}

/** A cache in this process's memory, for tests. It keeps everything until its TTL ends. */
export function memoryStore({ now = Date.now }: MemoryStoreOptions = {}): Store {
	const contents = new Map<string, { content: string; until: number }>();
	const read = (key: string) => {
		const found = contents.get(key);
		if (found === undefined || found.until > now()) return found?.content ?? null;
		contents.delete(key);
		return null;
	};
	return {
		get: async (key) => read(key),
		getMany: async (keys) => keys.map(read),
		async swap(key, expected, next, ttlMs) {
			const content = read(key);
			const matches = expected === null ? content === null : content?.startsWith(expected) === true;
			if (!matches) return false;
			if (next === null) contents.delete(key);
			else contents.set(key, { content: next, until: now() + ttlMs });
			return true;
		},
	};
}
