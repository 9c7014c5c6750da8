import { randomBytes } from "node:crypto";
import keySlot from "cluster-key-slot";
import { Cluster } from "ioredis";
import type { Endpoint } from "../../server/contract/cache-view.ts";
import { LIMITS } from "../../server/contract/limits.ts";

const AT_ONCE = 256;
const LARGE_BYTES = 4_096;
const SMALL_BYTES = 16;
/** The engine makes the keys itself: sent one by one, ten million would take minutes. */
const SMALL_KEYS =
	"for n = 1, ARGV[1] do redis.call('SET', '{' .. ARGV[2] .. '}' .. n, ARGV[3]) end";

/** Fills all slots of a cluster evenly with so many bytes in values of 4 KiB. */
export async function fillWithBytes(nodes: readonly Endpoint[], bytes: number): Promise<void> {
	const value = randomBytes(LARGE_BYTES);
	const keys = Array.from({ length: Math.ceil(bytes / LARGE_BYTES) }, (_, key) => `fill:${key}`);
	await withClient(nodes, keys, (client, key) => client.set(key, value));
}

/** Fills all slots of a cluster with about so many keys, the same number in each, of 16 bytes a value. */
export async function fillWithSmallKeys(nodes: readonly Endpoint[], keys: number): Promise<void> {
	const value = randomBytes(SMALL_BYTES / 2).toString("hex");
	const perSlot = Math.round(keys / LIMITS.clusterSlots);
	await withClient(nodes, tagsOfAllSlots(), (client, tag) =>
		client.eval(SMALL_KEYS, 1, `{${tag}}`, perSlot, tag, value),
	);
}

async function withClient<T>(
	nodes: readonly Endpoint[],
	items: readonly T[],
	write: (client: Cluster, item: T) => Promise<unknown>,
): Promise<void> {
	const client = new Cluster([...nodes]);
	try {
		for (let first = 0; first < items.length; first += AT_ONCE) {
			await Promise.all(items.slice(first, first + AT_ONCE).map((item) => write(client, item)));
		}
	} finally {
		client.disconnect();
	}
}

/** A hash tag for each slot. */
function tagsOfAllSlots(): string[] {
	const tags = new Map<number, string>();
	for (let n = 0; tags.size < LIMITS.clusterSlots; n += 1) {
		const tag = n.toString(36);
		const slot = keySlot(tag);
		if (!tags.has(slot)) tags.set(slot, tag);
	}
	return [...tags.values()];
}
