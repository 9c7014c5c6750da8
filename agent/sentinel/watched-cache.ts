import { createHash } from "node:crypto";
import type { RouteTable } from "../../server/contract/agent.ts";
import { BACKSTOP_TIMING } from "../../server/contract/limits.ts";
import type { NodeAddress } from "../drivers/replication-convergence.ts";

/**
 * An attempt that fails is repeated after twice this, one that has promoted a replica ends by it. The first attempt
 * doesn't depend on it.
 */
const FAILOVER_TIMEOUT_MS = 3_000;
/** Replicas that are turned to the new primary at a time: all of them. */
const PARALLEL_SYNCS = 5;

/** A cache that this host's Sentinel is to watch. */
export interface WatchedCache {
	/** Sentinel's name for it is the cache's id. */
	readonly cacheId: string;
	/** Who leads as far as the control plane knows; null while it knows of nobody. */
	readonly primary: NodeAddress | null;
	/** What Sentinel logs in as. */
	readonly login: { readonly username: string; readonly password: string };
	/** What SENTINEL SET is given: names and values in turn. */
	readonly settings: readonly string[];
	readonly quorum: number;
	/** All nodes, as host:port. */
	readonly members: readonly string[];
	/** Ids of all hosts whose Sentinels watch it. */
	readonly hosts: readonly string[];
}

/** The caches of the route table that this host's Sentinel is to watch, by cache id. */
export function watchedCaches(table: RouteTable, hostId: string): Map<string, WatchedCache> {
	const caches = new Map<string, WatchedCache>();
	for (const { cacheId, servers, sentinel } of table.routes) {
		if (sentinel === null || !sentinel.hosts.includes(hostId)) continue;
		const leader = servers.find((server) => server.leads);
		caches.set(cacheId, {
			cacheId,
			primary: leader === undefined ? null : { host: leader.host, port: leader.port },
			login: { username: sentinel.username, password: sentinel.password },
			settings: [
				...["quorum", String(sentinel.quorum)],
				...["auth-user", sentinel.username, "auth-pass", sentinel.password],
				...["down-after-milliseconds", String(BACKSTOP_TIMING.sentinelDownAfterMs)],
				...["failover-timeout", String(FAILOVER_TIMEOUT_MS)],
				...["parallel-syncs", String(PARALLEL_SYNCS)],
			],
			quorum: sentinel.quorum,
			members: servers.map(({ host, port }) => `${host}:${port}`).sort(),
			hosts: sentinel.hosts.toSorted(),
		});
	}
	return caches;
}

/** Tells whether settings are those that Sentinel was given, without keeping a password. */
export function settingsHash({ settings }: WatchedCache): string {
	return createHash("sha256").update(JSON.stringify(settings)).digest("hex");
}
