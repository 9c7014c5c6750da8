import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { type Cache, cacheSchema } from "../../server/contract/cache-view.ts";
import type { Rest } from "../fixtures/rest.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

/** A primary and its replicas. */
export const NODES_PER_CACHE = 3;
const PAUSE_BETWEEN_CALLS_MS = 20;
const POLL_MS = 25;

const countSchema = z.object({ total: z.int() });

/** The duration of each call in milliseconds, by what was called. */
export interface Latencies {
	readonly list: number[];
	readonly get: number[];
}

/** Asks for what the console asks for, one call after another, until told to stop. */
export function keepAsking(rest: Rest, cacheName: string): { stop(): Promise<Latencies> } {
	const latencies: Latencies = { list: [], get: [] };
	let asking = true;
	const asked = (async () => {
		while (asking) {
			latencies.list.push(await timeOf(() => rest("GET", "/caches")));
			latencies.get.push(await timeOf(() => rest("GET", `/caches/${cacheName}`)));
			await delay(PAUSE_BETWEEN_CALLS_MS);
		}
	})();
	return {
		async stop() {
			asking = false;
			await asked;
			return latencies;
		},
	};
}

async function timeOf(call: () => ReturnType<Rest>): Promise<number> {
	const startedAt = performance.now();
	const answer = await call();
	if (answer.status >= 300) throw new Error(JSON.stringify(answer));
	return performance.now() - startedAt;
}

/** Returns once the call is answered. */
export async function createCache(rest: Rest, name: string): Promise<void> {
	const replicasPerShard = NODES_PER_CACHE - 1;
	const body = { name, nodeType: "cache.t4g.micro", replicasPerShard, auth: "none" };
	const answer = await rest("POST", "/caches", { body });
	if (answer.status !== 202) throw new Error(JSON.stringify(answer));
}

export async function deleteCache(rest: Rest, name: string): Promise<void> {
	const answer = await rest("DELETE", `/caches/${name}`);
	if (answer.status !== 202) throw new Error(JSON.stringify(answer));
}

export async function untilAvailable(rest: Rest, name: string, pollMs = POLL_MS): Promise<Cache> {
	for (;;) {
		const cache = cacheSchema.parse((await rest("GET", `/caches/${name}`)).body);
		if (cache.status === "available") return cache;
		await delay(pollMs);
	}
}

/** Waits until there are this many caches and all of them are available. */
export async function untilAllAvailable(rest: Rest, caches: number, timeoutMs: number) {
	await waitUntil(
		`${caches} caches to be available`,
		async () => {
			const all = await count(rest, "limit=1");
			return all === caches && (await countAvailable(rest)) === caches;
		},
		timeoutMs,
	);
}

export function countAvailable(rest: Rest): Promise<number> {
	return count(rest, "limit=1&status=available");
}

async function count(rest: Rest, query: string): Promise<number> {
	return countSchema.parse((await rest("GET", `/caches?${query}`)).body).total;
}
