import { createHash } from "node:crypto";
import { BACKSTOP_TIMING } from "../../server/contract/limits.ts";
import type { RouteTable } from "../../server/contract/routes.ts";
import type { NodeAddress } from "../drivers/replication-convergence.ts";

/**
 * A failed attempt is repeated after twice this time; a successful one ends within it. The first attempt
 * doesn't depend on it.
 */
const FAILOVER_TIMEOUT_MS = 3_000;
/** Replicas that are pointed at the new primary at the same time: all of them. */
const PARALLEL_SYNCS = 5;

/** A cache that this host's Sentinel should watch. */
export interface WatchedCache {
	/** Sentinel's name for it is the cache's id. */
	readonly cacheId: string;
	/** The primary as far as the control plane knows; null if it knows none. */
	readonly primary: NodeAddress | null;
	/** Sentinel's login. */
	readonly login: { readonly username: string; readonly password: string };
	/** Arguments of SENTINEL SET: alternating names and values. */
	readonly settings: readonly string[];
	readonly quorum: number;
	/** All nodes, as host:port. */
	readonly members: readonly string[];
	/** Ids of all hosts whose Sentinels watch it. */
	readonly hosts: readonly string[];
}

/** The caches in the route table that this host's Sentinel should watch, by cache id. */
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

/** Identifies settings that Sentinel was given, without storing a password. */
export function settingsHash({ settings }: WatchedCache): string {
	return createHash("sha256").update(JSON.stringify(settings)).digest("hex");
}
