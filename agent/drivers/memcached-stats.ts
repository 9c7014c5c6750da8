import type { RequestCounters } from "../../server/contract/client-requests.ts";
import type { UsageCounters } from "../../server/contract/usage-reading.ts";

/** Fields of a report that Memcached makes about itself. */
export type MemcachedStats = ReadonlyMap<string, string>;

/** Requests of clients; a get of several keys counts as several. */
const COMMAND_COUNTERS = [
	...["cmd_get", "cmd_set", "cmd_touch", "cmd_flush", "delete_hits", "delete_misses"],
	...["incr_hits", "incr_misses", "decr_hits", "decr_misses"],
];

export function countRequests(fields: MemcachedStats): number {
	return COMMAND_COUNTERS.reduce((sum, name) => sum + numberOf(fields, name), 0);
}

/** The same, at the proxy that clients are connected to, by `stats proxy`. The key's node counts what proxies ask for, too. */
export function countProxied(fields: MemcachedStats): number {
	return [...fields].reduce(
		(sum, [name, count]) => sum + (/^cmd_/.test(name) ? Number(count) : 0),
		0,
	);
}

/**
 * Memcached doesn't say how long commands take. All of them are about as simple as a get. Bytes that pass a proxy are counted
 * twice in a cache: on the connection of the client, and on that of the key's node.
 */
export function readUsage(
	fields: MemcachedStats,
	requests: RequestCounters,
	isProxied: boolean,
): UsageCounters {
	const counted = numberOf(fields, "bytes_read") + numberOf(fields, "bytes_written");
	const bytes = isProxied ? Math.floor(counted / 2) : counted;
	const none = { calls: 0, usec: 0 };
	const cpuSeconds = numberOf(fields, "rusage_user") + numberOf(fields, "rusage_system");
	return {
		uptimeSeconds: numberOf(fields, "uptime"),
		bytes: { total: bytes, clients: bytes },
		requests,
		...{ simple: none, heavy: { direct: none, replicable: none } },
		cpuUsec: Math.round(cpuSeconds * 1_000_000),
	};
}

/** 0 for a field that isn't there, or isn't a number. */
export function numberOf(fields: MemcachedStats, name: string): number {
	const value = Number(fields.get(name));
	return Number.isFinite(value) ? value : 0;
}
