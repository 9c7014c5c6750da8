import { engineSchema } from "../contract/enums.ts";
import { familyOf } from "../contract/offered-versions.ts";
import type { Route } from "../contract/routes.ts";
import { hasPrimaryEndpoint, nodeIdsColumn } from "../data/cache-mapping.ts";
import type { Prisma } from "../data/database.ts";
import type { StoredParameterGroup } from "../data/parameter-groups.ts";
import { isServerless } from "../data/serverless-rows.ts";
import { sleepOf } from "../data/sleep-column.ts";
import type { NamedCache } from "../domain/names/name-records.ts";
import { tcpKeepaliveSeconds } from "../domain/parameters/index.ts";
import { sentinelQuorum } from "../domain/placement/choose-sentinels.ts";
import { type SecretBox, sha256Hex } from "../platform/secrets.ts";

/** The user that gateways log in as to ask an engine for its role. It may do nothing else. */
export const GATEWAY_USERNAME = "larder-gateway";

/** Derivable only from a cache's system password. */
export function gatewayPassword(systemPassword: string): string {
	return sha256Hex(`gateway ${systemPassword}`);
}

/** The user that Sentinels log in to engines as. */
export const SENTINEL_USERNAME = "larder-sentinel";

/** Known to a cache's Sentinels, and derivable from its system password. */
export function sentinelPassword(systemPassword: string): string {
	return sha256Hex(`sentinel ${systemPassword}`);
}

/** What a cache's route and names are made from: its own rows alone. */
export const ROUTED_CACHE = {
	select: {
		...{ id: true, name: true, kind: true, engine: true, engineVersion: true, clusterMode: true },
		...{ port: true, readerPort: true, parameterGroup: true, systemPassword: true },
		...{ automaticFailover: true, availableAt: true, deletingAt: true },
		...{ sleepAfterMinutes: true, sleep: true },
		...{ discoveryNodeIds: true, discoveryVersion: true },
		...{ routeRevision: true, servedByHostIds: true, sentinelHostIds: true },
		shards: {
			orderBy: { index: "asc" },
			select: {
				primaryNodeId: true,
				nodes: {
					where: { removedAtRevision: null },
					orderBy: { name: "asc" },
					select: {
						...{ id: true, name: true, port: true, hostId: true },
						...{ replacesNodeId: true, joining: true, leavingAt: true, detached: true },
						host: { select: { advertisedAddress: true } },
					},
				},
			},
		},
	},
} as const;
export type RoutedCache = Prisma.CacheGetPayload<typeof ROUTED_CACHE>;

/** Null if the cache has no endpoints: it isn't placed, or is being deleted. */
export function toRoute(
	secrets: SecretBox,
	cache: RoutedCache,
	group: StoredParameterGroup | undefined,
): Route | null {
	const engine = engineSchema.parse(cache.engine);
	const leaders = new Set(cache.shards.map((shard) => shard.primaryNodeId));
	const nodes = cache.shards.flatMap((shard) => shard.nodes);
	if (cache.deletingAt !== null || cache.port === null || nodes.length === 0) return null;
	const hasPrimary = hasPrimaryEndpoint(cache);
	const systemPassword = secrets.open(cache.systemPassword, `cache:${cache.id}:system`);
	const sleep = sleepOf(cache);
	return {
		cacheId: cache.id,
		cacheName: cache.name,
		engine,
		ports: {
			primary: hasPrimary ? cache.port : null,
			reader: cache.readerPort,
			configuration: hasPrimary ? null : cache.port,
		},
		servers: nodes.map((node) => ({
			nodeId: node.id,
			host: node.host.advertisedAddress,
			port: node.port,
			leads: leaders.has(node.id),
			reads: !node.joining && node.leavingAt === null && !node.detached,
			arrives: hasPrimary && node.joining && node.leavingAt === null,
		})),
		tcpKeepaliveSeconds: tcpKeepaliveSeconds(
			group?.family ?? familyOf(engine, cache.engineVersion),
			group?.overrides ?? {},
		),
		check:
			engine === "memcached"
				? null
				: { username: GATEWAY_USERNAME, password: gatewayPassword(systemPassword) },
		...((cache.sleepAfterMinutes !== null || sleep !== null) && { wakes: true }),
		...(sleep?.state === "asleep" && { asleep: true }),
		// Behind its one endpoint, clients needn't know of nodes.
		discovery: engine === "memcached" && !isServerless(cache) ? discoveryOf(cache) : null,
		sentinel:
			hasPrimary &&
			cache.automaticFailover &&
			cache.availableAt !== null &&
			sleep === null &&
			nodes.length > 1
				? {
						hosts: cache.sentinelHostIds,
						quorum: sentinelQuorum(cache.sentinelHostIds.length),
						username: SENTINEL_USERNAME,
						password: sentinelPassword(systemPassword),
					}
				: null,
	};
}

/** The nodes that have names. */
export function toNamedNodes(cache: RoutedCache): NamedCache["nodes"] {
	return cache.shards.flatMap(({ primaryNodeId, nodes }) =>
		nodes.map(({ id, name, port, hostId, replacesNodeId, joining }) => ({
			...{ name, port, hostId, leads: id === primaryNodeId },
			arriving: joining || replacesNodeId !== null,
		})),
	);
}

function discoveryOf(cache: RoutedCache): Route["discovery"] {
	const ready = new Set(nodeIdsColumn.parse(cache.discoveryNodeIds) ?? []);
	return {
		version: cache.discoveryVersion,
		nodes: cache.shards
			.flatMap((shard) => shard.nodes)
			.filter((node) => ready.has(node.id))
			.map((node) => ({ host: node.host.advertisedAddress, port: node.port })),
	};
}
