import type { Assignment, Cluster, EngineParameter, SlotMove } from "../contract/desired-state.ts";
import { clusterModeSchema, engineSchema } from "../contract/enums.ts";
import { CLUSTER_BUS_OFFSET, MIB } from "../contract/limits.ts";
import { persistenceSchema } from "../contract/persistence.ts";
import { FLOOR_BYTES } from "../contract/serverless.ts";
import { parseSlots } from "../contract/slots.ts";
import type { RestoreOrder, SnapshotOrder } from "../contract/snapshot.ts";
import { blocksColumn } from "../data/blocks-column.ts";
import { nodeIdsColumn } from "../data/cache-mapping.ts";
import type { Database, Prisma } from "../data/database.ts";
import { OPEN_MIGRATION, toMigrationOrder } from "../data/migration-mapping.ts";
import { OPEN_OPERATION, toOperationModel } from "../data/operation-mapping.ts";
import { findParameterGroups, type StoredParameterGroup } from "../data/parameter-groups.ts";
import { restoreOf } from "../data/restore-column.ts";
import { isServerless, limitsOf, partsWanted } from "../data/serverless-rows.ts";
import { sleepOf } from "../data/sleep-column.ts";
import { orderId } from "../data/snapshot-view.ts";
import { clusterNodeId } from "../domain/cache/cluster-node-id.ts";
import { movesFrom } from "../domain/operation/operation.ts";
import { busyTimeoutMs, resolveParameters } from "../domain/parameters/index.ts";
import { boundsOf, headroomOf } from "../domain/serverless/capacity.ts";
import { sha256Hex } from "../platform/secrets.ts";
import type { Resources } from "../services/context.ts";
import {
	GATEWAY_USERNAME,
	gatewayPassword,
	SENTINEL_USERNAME,
	sentinelPassword,
} from "./to-route.ts";

/**
 * With less than this share of its maxmemory free, writes to an elastic node may wait until it has grown: what clients
 * write until their agent notices.
 */
const HOLD_SHARE = { small: 0.1, large: 0.05, atMostBytes: 64 * MIB } as const;

/** A provisioned cache's node that ends for a while: its size doesn't follow its load. */
const FIXED_SIZE = {
	reportAboveBytes: Number.MAX_SAFE_INTEGER,
	...{ holdWritesAboveBytes: null, ecpuPerSecond: null },
} as const;

/** The user that agents log in as, on every engine. */
const SYSTEM_USERNAME = "larder";

/** A node with everything that its host must know about the cache around it. */
export const ASSIGNED_NODE = {
	where: { removedAtRevision: null },
	include: {
		cache: {
			include: {
				operations: OPEN_OPERATION,
				migrations: OPEN_MIGRATION,
				snapshots: {
					where: { status: "creating", copyOfId: null, shards: { some: { sha256: null } } },
					select: { shards: true },
				},
				shards: {
					orderBy: { index: "asc" },
					include: {
						nodes: {
							where: { removedAtRevision: null },
							orderBy: { name: "asc" },
							select: {
								...{
									id: true,
									port: true,
									host: { select: { advertisedAddress: true, bindAddress: true } },
								},
								...{ replacesNodeId: true, joining: true, leavingAt: true, detached: true },
							},
						},
					},
				},
			},
		},
	},
	orderBy: { id: "asc" },
} as const;
type AssignedNode = Prisma.NodeGetPayload<typeof ASSIGNED_NODE>;

/** Everything that a host should run. */
export async function toAssignments(
	resources: Resources,
	nodes: readonly AssignedNode[],
): Promise<Assignment[]> {
	const groups = await groupsOf(resources.db, nodes);
	return nodes.map((node) => toAssignment(resources, node, groups));
}

async function groupsOf(db: Database, nodes: readonly AssignedNode[]) {
	const names = new Set(nodes.map((node) => node.parameterGroup));
	return await findParameterGroups(db, [...names]);
}

function toAssignment(
	resources: Resources,
	node: AssignedNode,
	groups: ReadonlyMap<string, StoredParameterGroup>,
): Assignment {
	const { secrets } = resources;
	const { cache } = node;
	const systemPassword = secrets.open(cache.systemPassword, `cache:${cache.id}:system`);
	const proxy = proxyOf(node);
	return {
		id: node.id,
		generation: node.generation,
		cacheId: cache.id,
		cacheName: cache.name,
		nodeName: node.name,
		engine: engineSchema.parse(node.engine),
		engineVersion: node.engineVersion,
		port: node.port,
		role: roleOf(node),
		cluster:
			cache.clusterMode === "enabled"
				? { ...clusterOf(node), nodeId: clusterNodeId(node.id), moves: movesOf(node) }
				: null,
		...detachedOf(node),
		onExit: node.onExit === "restart" ? "restart" : "report",
		launchPermit: node.launchPermit,
		reboot: node.reboot,
		busyTimeoutMs: busyTimeoutMs(groups.get(node.parameterGroup)?.overrides ?? {}),
		...snapshotOf(node),
		...restoreOrderOf(node),
		maxmemoryBytes: engineBytesOf(node),
		memoryBytes: Number(node.memoryBytes),
		vcpus: node.vcpus,
		...((isServerless(cache) || node.asleep) && { elastic: elasticOf(node) }),
		...(proxy !== undefined && { proxy }),
		...migrationOf(resources, node),
		...persistenceOf(node),
		parameters: parametersOf(node, groups.get(node.parameterGroup)),
		auth: {
			clientPasswordSha256:
				cache.clientPassword === null
					? null
					: sha256Hex(secrets.open(cache.clientPassword, `cache:${cache.id}:client`)),
			systemUsername: SYSTEM_USERNAME,
			systemPassword,
			gatewayUsername: GATEWAY_USERNAME,
			gatewayPasswordSha256: sha256Hex(gatewayPassword(systemPassword)),
			sentinelUsername: SENTINEL_USERNAME,
			sentinelPasswordSha256: sha256Hex(sentinelPassword(systemPassword)),
		},
	};
}

/** A node can grow unless it has all that the limits allow, or hosts had no more at the last attempt. */
function mayGrow({ cache, maxmemoryBytes }: AssignedNode): boolean {
	const isBlocked = blocksColumn.parse(cache.blocks).some(({ step }) => step === "scale");
	const { maxBytes } = boundsOf(limitsOf(cache), partsWanted(cache));
	return !isBlocked && Number(maxmemoryBytes) < maxBytes;
}

/** An idle node reserves less than its engine may use, because Larder reserves the rest when a client connects. */
function isIdleSized(node: AssignedNode): boolean {
	return isServerless(node.cache) && Number(node.maxmemoryBytes) < FLOOR_BYTES && mayGrow(node);
}

/** The engine's maxmemory. */
function engineBytesOf(node: AssignedNode): number {
	if (!isIdleSized(node)) return Number(node.maxmemoryBytes);
	return Math.min(FLOOR_BYTES, boundsOf(limitsOf(node.cache), partsWanted(node.cache)).maxBytes);
}

function elasticOf(node: AssignedNode): Assignment["elastic"] {
	const { cache, maxmemoryBytes } = node;
	const sleep = {
		...(node.asleep && { asleep: true }),
		...(node.asleep && sleepOf(cache)?.becomesCluster === true && { becomesCluster: true }),
	};
	if (!isServerless(cache)) return { ...FIXED_SIZE, ...sleep };
	const dataBytes = Number(maxmemoryBytes);
	const engineBytes = engineBytesOf(node);
	const { max } = limitsOf(cache).ecpuPerSecond;
	return {
		reportAboveBytes: Math.floor(dataBytes - headroomOf(dataBytes)),
		holdWritesAboveBytes: mayGrow(node) ? Math.floor(engineBytes - heldBackOf(engineBytes)) : null,
		ecpuPerSecond: max === null ? null : Math.max(1, Math.floor(max / servingShards(cache))),
		...(isIdleSized(node) && { reportsClients: true }),
		...sleep,
	};
}

/**
 * New shards get a part of the load only once they have slots: until then, it is all at the others. Each Memcached node has
 * a proxy that clients are connected to.
 */
function servingShards({ engine, shards, discoveryNodeIds }: AssignedNode["cache"]): number {
	if (engine === "memcached") {
		return Math.max(1, nodeIdsColumn.parse(discoveryNodeIds)?.length ?? 0);
	}
	return Math.max(1, shards.filter(({ slots }) => slots !== null && slots !== "").length);
}

/** Where nothing listens: keys of a place whose node has just gone are misses until another has it. */
const NOWHERE = { host: "127.0.0.1", port: 1 } as const;

function proxyOf({ cache }: AssignedNode): Assignment["proxy"] {
	if (!isServerless(cache) || cache.engine !== "memcached") return undefined;
	const nodes = cache.shards.flatMap((shard) => shard.nodes);
	const places = nodeIdsColumn.parse(cache.discoveryNodeIds) ?? [];
	const found = places.map((nodeId) => nodes.find(({ id }) => id === nodeId));
	const passing = found.filter((node) => node?.joining === true || node?.leavingAt != null);
	return {
		nodes: found.map((node) => {
			if (node === undefined) return NOWHERE;
			return { host: node.host.advertisedAddress, port: node.port + CLUSTER_BUS_OFFSET };
		}),
		// Those that come or go are at the end.
		count: found.length - passing.length,
	};
}

function heldBackOf(dataBytes: number): number {
	const { small, large, atMostBytes } = HOLD_SHARE;
	return Math.max(large * dataBytes, Math.min(small * dataBytes, atMostBytes));
}

function roleOf(node: AssignedNode): Assignment["role"] {
	const { cache } = node;
	if (cache.engine === "memcached") return { kind: "node" };
	const leader = cache.shards
		.flatMap((shard) => shard.nodes)
		.find((candidate) => candidate.id === node.followsNodeId);
	if (leader === undefined) return { kind: "primary" };
	return {
		kind: "replica",
		of: { host: leader.host.advertisedAddress, port: leader.port },
	};
}

/** A primary has no link to end: it stays, until another one leads. */
function detachedOf({ id, detached, shardId, cache }: AssignedNode): Pick<Assignment, "detached"> {
	const shard = cache.shards.find((each) => each.id === shardId);
	if (!detached || shard === undefined || shard.primaryNodeId === id) return {};
	const others = shard.nodes.filter(
		(each) => each.id !== id && each.id !== shard.primaryNodeId && !each.detached,
	);
	return {
		detached: {
			others: others.map(({ host, port }) => ({ host: host.advertisedAddress, port })),
		},
	};
}

/** A shard that is being added is no part of the cluster until its nodes have places. */
function clusterOf(node: AssignedNode): Cluster {
	const placed = node.cache.shards.flatMap(({ primaryNodeId, ...shard }) =>
		primaryNodeId === null ? [] : [{ ...shard, primaryNodeId }],
	);
	return {
		former: nodeIdsColumn.parse(node.cache.formerNodeIds) ?? [],
		shards: placed.map(({ slots, primaryNodeId, nodes }) => ({
			slots: parseSlots(slots ?? "") ?? [],
			primary: clusterNodeId(primaryNodeId),
			members: nodes.map((member) => ({
				nodeId: clusterNodeId(member.id),
				host: member.host.advertisedAddress,
				port: member.port,
				connectsFrom: member.host.bindAddress,
			})),
		})),
	};
}

/** Only a primary's clients may write, so only its agent migrates. */
function migrationOf(
	{ secrets }: Resources,
	{ id, cache }: AssignedNode,
): Pick<Assignment, "migration"> {
	const [open] = cache.migrations;
	const leads = cache.shards.some(({ primaryNodeId }) => primaryNodeId === id);
	return open === undefined || !leads ? {} : { migration: toMigrationOrder(open, secrets) };
}

function persistenceOf({ cache }: AssignedNode): Pick<Assignment, "persistence"> {
	const persistence = persistenceSchema.parse(cache.persistence);
	return persistence === "none" ? {} : { persistence };
}

/** The snapshot that copies this node. */
function snapshotOf({ id, cache }: AssignedNode): { snapshot?: SnapshotOrder } {
	const shard = cache.snapshots.flatMap(({ shards }) => shards).find(({ nodeId }) => nodeId === id);
	if (shard === undefined || shard.transferId === null) return {};
	return { snapshot: { id: orderId(shard), transferId: shard.transferId } };
}

/** What a primary loads until its host has reported that it did. */
function restoreOrderOf({ id, hostId, shardId, cache }: AssignedNode): { restore?: RestoreOrder } {
	const shard = cache.shards.find((each) => each.id === shardId);
	const restore = shard === undefined ? null : restoreOf(shard);
	if (restore === null || shard?.primaryNodeId !== id) return {};
	const { files, fetching, selects } = restore;
	const transferIds = fetching?.hostId === hostId ? fetching.transferIds : null;
	return {
		restore: {
			id: restore.id,
			files:
				transferIds === null
					? null
					: files.map(({ bytes, sha256, keys }, index) => ({
							...{ transferId: transferIds[index] ?? "", bytes, sha256, keys },
						})),
			slots: selects ? (parseSlots(shard.slots ?? "") ?? []) : null,
		},
	};
}

/** While slots move, a key could be in the copies of two shards or in none: they wait until all copies have begun. */
function isBeingCopied({ cache }: AssignedNode): boolean {
	return cache.snapshots.some(({ shards }) => shards.some(({ takenAt }) => takenAt === null));
}

/** The slots that a primary still has to hand over. Its agent compares them with what the engine has. */
function movesOf(node: AssignedNode): SlotMove[] {
	const { id, cache, shardId } = node;
	if (isBeingCopied(node)) return [];
	const operation = toOperationModel(cache.operations[0]);
	const shard = cache.shards.find((each) => each.id === shardId);
	if (operation?.cursor.phase !== "move" || shard?.primaryNodeId !== id) return [];
	return movesFrom(operation, shard.id).flatMap(({ toShardId, slots }) => {
		const target = cache.shards.find((each) => each.id === toShardId);
		if (target === undefined || target.primaryNodeId === null) return [];
		const way = operation.cancelAsked ? "back" : "there";
		return [
			{
				id: `${operation.id}:${target.index}:${way}`,
				slots,
				to: clusterNodeId(target.primaryNodeId),
			},
		];
	});
}

function parametersOf(
	node: AssignedNode,
	group: StoredParameterGroup | undefined,
): EngineParameter[] {
	if (group === undefined) return [];
	return resolveParameters({
		family: group.family,
		clusterMode: clusterModeSchema.parse(node.cache.clusterMode),
		replicasPerShard: replicasThatCount(node),
		overrides:
			node.cache.evictionPolicy === null
				? group.overrides
				: { ...group.overrides, "maxmemory-policy": node.cache.evictionPolicy },
	});
}

/** How many replicas the node's shard has, without those that are still joining, or leaving. */
function replicasThatCount({ cache, shardId }: AssignedNode): number {
	const nodes = cache.shards.find(({ id }) => id === shardId)?.nodes ?? [];
	const counted = nodes.filter(
		(each) => each.replacesNodeId === null && !each.joining && each.leavingAt === null,
	);
	return counted.length - 1;
}
