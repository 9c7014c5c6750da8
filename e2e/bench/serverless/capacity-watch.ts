import { setTimeout as delay } from "node:timers/promises";
import { parseInfo } from "../../../agent/drivers/valkey-info.ts";
import type { Cache } from "../../../server/contract/cache-view.ts";
import { type ScalingDecision, scalingPageSchema } from "../../../server/contract/serverless.ts";
import type { Installation } from "../../fixtures/installation.ts";
import { connectTo } from "../../fixtures/write-paths.ts";
import { systemLogin } from "../system-login.ts";

const EVERY_MS = 250;

/** One look at a cache. */
export interface CapacityPoint {
	seconds: number;
	/** That the load has written. */
	writtenBytes: number;
	/** As the engines say. */
	usedBytes: number | null;
	capacityBytes: number;
	shards: number;
}

/** Looks at a serverless cache a few times a second, while a load changes it. */
export function watchCapacity(larder: Installation, name: string, written: () => number) {
	const points: CapacityPoint[] = [];
	const startedAt = performance.now();
	let stopping = false;
	const loop = (async () => {
		while (!stopping) {
			const cache = await larder.getCache(name).catch(() => null);
			if (cache?.capacity) {
				points.push({
					seconds: (performance.now() - startedAt) / 1_000,
					writtenBytes: written(),
					usedBytes: cache.usage?.dataStorageBytes ?? null,
					capacityBytes: cache.capacity.memoryBytes,
					shards: cache.capacity.shards,
				});
			}
			await delay(EVERY_MS);
		}
	})();
	return {
		points,
		async stop() {
			stopping = true;
			await loop;
		},
	};
}

/** What the engines have counted, of all nodes. Counters of replaced nodes are gone with them. */
export async function readEngines(larder: Installation, { endpoints }: Cache) {
	const { username, password } = systemLogin(larder);
	const sum = { evictedKeys: 0, refusedForMemory: 0, keys: 0, maxmemoryBytes: 0 };
	for (const { host, port } of endpoints.nodes) {
		const client = await connectTo({ host, port }, null, 5_000);
		try {
			await client.call("AUTH", username, password);
			const fields = parseInfo(String(await client.call("INFO", "everything")));
			sum.evictedKeys += Number(fields.get("evicted_keys") ?? 0);
			sum.refusedForMemory += Number(
				/count=(\d+)/.exec(fields.get("errorstat_OOM") ?? "")?.[1] ?? 0,
			);
			if (fields.get("role") !== "master") continue;
			sum.keys += Number(/keys=(\d+)/.exec(fields.get("db0") ?? "")?.[1] ?? 0);
			sum.maxmemoryBytes += Number(fields.get("maxmemory") ?? 0);
		} finally {
			client.disconnect();
		}
	}
	return sum;
}

/** All decisions about the cache, oldest first. */
export async function readDecisions(
	larder: Installation,
	name: string,
): Promise<ScalingDecision[]> {
	const items: ScalingDecision[] = [];
	let cursor = "";
	do {
		const { body } = await larder.rest("GET", `/caches/${name}/scaling?limit=100${cursor}`);
		const page = scalingPageSchema.parse(body);
		items.push(...page.items);
		cursor = page.nextCursor === null ? "" : `&cursor=${encodeURIComponent(page.nextCursor)}`;
	} while (cursor !== "");
	return items.reverse();
}
