import type { CacheNode } from "../../../server/contract/cache-view.ts";
import { findPrimary } from "../../fixtures/engine-truth.ts";
import { hostPids, signalAll } from "../../fixtures/host-processes.ts";
import type { AgentName, Installation, InstallationOptions } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { withInstallation } from "../keep-evidence.ts";
import { type Scenario, Violation } from "../scenario.ts";
import { type Losses, WatchedCache } from "../watched-cache.ts";

const FAILOVER_TIMEOUT_MS = 60_000;

/** What happens to a cache that is written to, on an installation that others may share. */
export type Act = (larder: Installation, cache: WatchedCache) => Promise<string>;

export interface Story {
	name: string;
	description: string;
	/** The cache as it is created. */
	body: Readonly<Record<string, unknown>> & { name: string };
	act: Act;
	installation?: InstallationOptions;
	whyNot?(): string | null;
}

export function storyScenario({
	name,
	description,
	installation,
	whyNot,
	...story
}: Story): Scenario {
	return {
		...{ name, description },
		...(whyNot !== undefined && { whyNot }),
		run: () => withInstallation(installation ?? {}, (larder) => play(larder, story)),
	};
}

/** Creates the cache, runs the act, and deletes the cache. */
export async function play(
	larder: Installation,
	{ body, act }: Pick<Story, "body" | "act">,
): Promise<string> {
	const cache = await WatchedCache.create(larder, body);
	let found: string;
	try {
		found = await act(larder, cache);
	} finally {
		await cache.stop();
	}
	await larder.deleteCache(body.name);
	return found;
}

/** Waits until everything is healthy again. Throws if more was lost than writes that no replica had. */
export async function requireKept(cache: WatchedCache): Promise<Losses> {
	await cache.whole();
	await cache.writesAgain(FAILOVER_TIMEOUT_MS);
	const losses = await cache.findLosses();
	if (losses.base > 0) throw new Violation(`${losses.base} keys written at the start are gone`);
	if (losses.waitOne > 0) {
		throw new Violation(`${losses.waitOne} writes that WAIT acknowledged are gone`);
	}
	return losses;
}

/**
 * Waits until a node other than `before` says that it is the shard's primary, and is the only one to say so.
 */
export async function nextPrimary(
	cache: Pick<WatchedCache, "primaryOf">,
	before: Pick<CacheNode, "id">,
	timeoutMs = FAILOVER_TIMEOUT_MS,
	shard = "0001",
): Promise<CacheNode> {
	return await waitUntil(
		`a node other than ${before.id} to lead`,
		async () => {
			const primary = await cache.primaryOf(shard);
			return primary.id === before.id ? null : primary;
		},
		timeoutMs,
	);
}

/**
 * The node that leads a cache of one shard without a password, according to the engines, once the cache is available.
 */
export async function primaryOf(larder: Installation, name: string): Promise<CacheNode> {
	const [shard] = (await larder.waitForStatus(name, "available", FAILOVER_TIMEOUT_MS)).shards;
	if (shard === undefined) throw new Error(`${name} has no shard`);
	return await findPrimary(shard, null);
}

export function killNode({ pid }: Pick<CacheNode, "pid">): void {
	signalAll(pid === null ? [] : [pid], "SIGKILL");
}

/** Kills every process of a host at once, as when it loses power. */
export function killHost(larder: Installation, host: string): void {
	signalAll(hostPids(larder, host as AgentName), "SIGKILL");
}
