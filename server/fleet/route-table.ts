import type { Route, RouteTable } from "../contract/agent.ts";
import { engineSchema } from "../contract/enums.ts";
import { allNodeRows, FULL_CACHE, type FullCache, nodeIdsColumn } from "../data/cache-mapping.ts";
import { chooseSentinels } from "../domain/placement/choose-sentinels.ts";
import { sha256Hex } from "../platform/secrets.ts";
import type { Resources } from "../services/context.ts";

/** The user that gateways log in as to ask an engine for its role. It may do nothing else. */
export const GATEWAY_USERNAME = "larder-gateway";

/** Only those who know a cache's system password can tell it. */
export function gatewayPassword(systemPassword: string): string {
	return sha256Hex(`gateway ${systemPassword}`);
}

/** The user that Sentinels log in to engines as. */
export const SENTINEL_USERNAME = "larder-sentinel";

/** A cache's Sentinels know it, besides those who know its system password. */
export function sentinelPassword(systemPassword: string): string {
	return sha256Hex(`sentinel ${systemPassword}`);
}

const tables = new WeakMap<Resources, RouteTable>();

/**
 * The endpoints of all caches, for the gateways of all hosts; null when `heldRevision` is the newest. Made once a
 * revision, however many hosts ask.
 */
export async function newerRouteTable(
	resources: Resources,
	heldRevision: number,
): Promise<RouteTable | null> {
	const { db } = resources;
	// Before the rows: rows that are newer than the revision are sent once more, older ones never stay.
	const row = await db.controlPlane.findUnique({
		where: { id: 1 },
		select: { routeRevision: true },
	});
	const revision = row?.routeRevision ?? 0;
	if (heldRevision >= revision) return null;
	const made = tables.get(resources);
	if (made?.revision === revision) return made;
	const caches = await db.cache.findMany({
		where: { deletingAt: null, port: { not: null }, nodes: { some: {} } },
		include: FULL_CACHE,
		orderBy: { id: "asc" },
	});
	const hosts = await db.host.findMany({
		where: { lostAt: null },
		select: { id: true, zone: true },
	});
	const table = {
		revision,
		routes: caches.map((cache) => toRoute(resources, cache, hosts)),
		sentinelPassword: resources.secrets.derive("sentinels"),
	};
	tables.set(resources, table);
	return table;
}

function toRoute(
	{ secrets }: Resources,
	cache: FullCache,
	hosts: readonly { id: string; zone: string }[],
): Route {
	const engine = engineSchema.parse(cache.engine);
	const leaders = new Set(cache.shards.map((shard) => shard.primaryNodeId));
	const rows = allNodeRows(cache);
	const replicated = engine !== "memcached" && cache.clusterMode === "disabled";
	const systemPassword = secrets.open(cache.systemPassword, `cache:${cache.id}:system`);
	return {
		cacheId: cache.id,
		cacheName: cache.name,
		engine,
		ports: {
			primary: replicated ? cache.port : null,
			reader: cache.readerPort,
			configuration: replicated ? null : cache.port,
		},
		servers: rows.map((node) => ({
			nodeId: node.id,
			host: node.host.advertisedAddress,
			port: node.port,
			leads: leaders.has(node.id),
		})),
		check:
			engine === "memcached"
				? null
				: { username: GATEWAY_USERNAME, password: gatewayPassword(systemPassword) },
		discovery: engine === "memcached" ? discoveryOf(cache) : null,
		sentinel:
			replicated && cache.automaticFailover && cache.availableAt !== null && rows.length > 1
				? {
						...chooseSentinels({
							cacheId: cache.id,
							own: rows.map((node) => node.hostId),
							hosts,
						}),
						username: SENTINEL_USERNAME,
						password: sentinelPassword(systemPassword),
					}
				: null,
	};
}

function discoveryOf(cache: FullCache): Route["discovery"] {
	const ready = new Set(nodeIdsColumn.parse(cache.discoveryNodeIds) ?? []);
	return {
		version: cache.discoveryVersion,
		nodes: allNodeRows(cache)
			.filter((node) => ready.has(node.id))
			.map((node) => ({ host: node.host.advertisedAddress, port: node.port })),
	};
}
