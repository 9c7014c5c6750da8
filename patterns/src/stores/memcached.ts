import { createHash } from "node:crypto";
import type { Store } from "../store.ts";
import { readByGroup } from "./hash-slot.ts";

const MAX_KEY_BYTES = 250;
/** Memcached takes a larger number of seconds for a date. */
const MAX_RELATIVE_S = 30 * 24 * 3_600;
/** Refusals that say that the condition of a change wasn't met. */
const UNMET = /^(NOT_STORED|EXISTS|NOT_FOUND)/;

interface Found {
	readonly value: unknown;
	readonly casUniq?: string | number;
}

/** What the store uses of memcache-client's `MemcacheClient`. */
export interface MemcachedClient {
	get(key: string | string[]): Promise<unknown>;
	gets(key: string): Promise<unknown>;
	add(key: string, value: string, options: { lifetime: number }): Promise<unknown>;
	cas(
		key: string,
		value: string,
		options: { lifetime: number; casUniq: string | number },
	): Promise<unknown>;
}

/**
 * A cache of Memcached by memcache-client: one client for a cache with one address, or a client for each node. Keys are spread
 * over several by rendezvous hashing, so a node that joins or leaves moves only its own share. TTLs are whole seconds, rounded
 * up. Keys that Memcached doesn't take (longer than 250 bytes, with spaces) are replaced by their hash.
 */
export function memcachedStore(clients: MemcachedClient | readonly MemcachedClient[]): Store {
	const nodes: readonly MemcachedClient[] = "get" in clients ? [clients] : clients;
	if (nodes.length === 0) throw new RangeError("memcachedStore: give it at least one client");
	const nodeOf = (key: string) => (nodes.length === 1 ? 0 : rendezvous(key, nodes.length));
	const clientOf = (index: number): MemcachedClient => {
		const client = nodes[index];
		if (client === undefined) throw new RangeError(`memcachedStore: there is no node ${index}`);
		return client;
	};
	return {
		async get(key) {
			const name = nameOf(key);
			return textOf(await clientOf(nodeOf(name)).get(name));
		},
		getMany: (keys) =>
			readByGroup(keys.map(nameOf), nodeOf, async (names, index) => {
				const found = await clientOf(index).get(names);
				return names.map((name) => textOf(isRecord(found) ? found[name] : undefined));
			}),
		async swap(key, expected, next, ttlMs) {
			const name = nameOf(key);
			const client = clientOf(nodeOf(name));
			const lifetime = lifetimeOf(ttlMs);
			if (expected === null) {
				return next !== null && isMet(client.add(name, next, { lifetime }));
			}
			const found = await client.gets(name);
			if (!isFound(found) || found.casUniq === undefined) return false;
			if (textOf(found)?.startsWith(expected) !== true) return false;
			const { casUniq } = found;
			// A value that has expired already takes the place of a removal, which can't have a condition.
			return isMet(
				client.cas(name, next ?? "-", { lifetime: next === null ? -1 : lifetime, casUniq }),
			);
		},
	};
}

async function isMet(change: Promise<unknown>): Promise<boolean> {
	try {
		await change;
		return true;
	} catch (error) {
		if (error instanceof Error && UNMET.test(error.message)) return false;
		throw error;
	}
}

function lifetimeOf(ttlMs: number): number {
	const seconds = Math.max(1, Math.ceil(ttlMs / 1_000));
	return seconds > MAX_RELATIVE_S ? Math.ceil(Date.now() / 1_000) + seconds : seconds;
}

function nameOf(key: string): string {
	if (Buffer.byteLength(key) <= MAX_KEY_BYTES && /^[!-~]+$/.test(key)) return key;
	return `~${createHash("sha256").update(key).digest("base64url")}`;
}

/** The node with the highest hash of itself and the key. */
function rendezvous(key: string, count: number): number {
	let best = 0;
	let highest = -1;
	for (let node = 0; node < count; node += 1) {
		const score = createHash("md5").update(`${node} ${key}`).digest().readUInt32BE();
		if (score > highest) {
			highest = score;
			best = node;
		}
	}
	return best;
}

function textOf(found: unknown): string | null {
	return isFound(found) ? String(found.value) : null;
}

function isFound(found: unknown): found is Found {
	return isRecord(found) && "value" in found;
}

function isRecord(found: unknown): found is Record<string, unknown> {
	return typeof found === "object" && found !== null;
}
