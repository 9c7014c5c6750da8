import { setTimeout as delay } from "node:timers/promises";
import { type ScalingDecision, scalingPageSchema } from "../../../server/contract/serverless.ts";
import type { Installation } from "../../fixtures/installation.ts";

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
