import { createHash } from "node:crypto";
import { z } from "zod";
import {
	cacheStatusSchema,
	clusterModeSchema,
	clusterViewText,
	engineSchema,
	evictionPolicySchema,
	failoverSchema,
	parseSlots,
	progressStepSchema,
} from "../contract/index.ts";
import { clusterNodeId } from "../domain/cache/cluster-node-id.ts";
import type {
	CacheModel,
	ElasticModel,
	FailoverCause,
	GatewayModel,
	HostModel,
	NodeModel,
	ShardModel,
} from "../domain/cache/model.ts";
import { REQUESTED } from "../domain/cache/plan-failover.ts";
import { boundsOf } from "../domain/operation/operation.ts";
import { NODE_VCPUS, shardBytesOf } from "../domain/serverless/capacity.ts";
import { cacheLoadOf, type NodeLoad, type Peak } from "../domain/serverless/load.ts";
import type { Clock } from "../platform/clock.ts";
import { blocksColumn } from "./blocks-column.ts";
import type { CacheRow, HostRow, NodeRow, OperationRow, ShardRow } from "./database.ts";
import type { FailoverOrders } from "./failover-orders.ts";
import type { FleetState } from "./fleet-state.ts";
import { enginesColumn } from "./host-mapping.ts";
import { modeChangeOf } from "./mode-change-column.ts";
import { OPEN_OPERATION, toOperationModel } from "./operation-mapping.ts";
import { pendingKinds } from "./pending-changes.ts";
import { restoreOf } from "./restore-column.ts";
import { recentScalingOf } from "./scaling-column.ts";
import { isServerless, limitsOf, partsWanted, protocolOf } from "./serverless-rows.ts";
import { toSleepModel } from "./sleep-column.ts";

export type FullNode = NodeRow & { host: HostRow };
export type FullCache = CacheRow & {
	shards: (ShardRow & { nodes: FullNode[] })[];
	operations: OperationRow[];
};

/** Rows that every view and plan needs, with nodes ordered by name. */
export const FULL_CACHE = {
	shards: {
		orderBy: { index: "asc" },
		include: { nodes: { orderBy: { name: "asc" }, include: { host: true } } },
	},
	operations: OPEN_OPERATION,
} as const;

export const progressColumn = z.array(progressStepSchema);
export const zonesColumn = z.array(z.string()).nullable();
export const failoverColumn = failoverSchema.nullable();
const causeColumn = z
	.object({ kind: z.enum(["planned", "unplanned"]), cause: z.string() })
	.nullable();
export const nodeIdsColumn = z.array(z.string()).nullable();
/** The size of a cache: nodes is null for engines with shards. */
const sizeColumn = z.object({
	replicasPerShard: z.number(),
	/** Numbers of replicas that differ from `replicasPerShard`, by shard id. */
	shardReplicas: z.record(z.string(), z.number()).optional(),
	nodes: z.number().nullable(),
});
export type CacheSize = z.infer<typeof sizeColumn>;
/** What kind of nodes a cache has. */
const kindColumn = z.object({
	...{ engine: engineSchema, engineVersion: z.string(), parameterGroup: z.string() },
	...{ nodeType: z.string(), memoryBytes: z.number(), vcpus: z.number(), cpuMillis: z.number() },
});
export type CacheKind = z.infer<typeof kindColumn>;
/** The shape before a change; without a kind if only the size changes. */
export const formerShapeColumn = sizeColumn.extend({
	kind: kindColumn.optional(),
	/** Null for any. */
	zones: zonesColumn.optional(),
	/** The change's id. */
	id: z.string().optional(),
	startedAt: z.string().optional(),
	/** The change takes back another that was under way. */
	canceling: z.boolean().optional(),
});
export type FormerShape = z.infer<typeof formerShapeColumn>;

/** Without removed nodes, except in a cache that is being deleted. */
export function allNodeRows(row: FullCache): FullNode[] {
	const nodes = row.shards.flatMap((shard) => shard.nodes);
	return row.deletingAt === null ? nodes.filter(isStaying) : nodes;
}

function isStaying(node: FullNode): boolean {
	return node.removedAtRevision === null;
}

/** What a model needs besides the rows. */
export interface ModelSources {
	fleet: FleetState;
	orders: FailoverOrders;
	clock: Clock;
}

function toHostModel(row: HostRow, fleet: FleetState): HostModel {
	return {
		id: row.id,
		name: row.name,
		zone: row.zone,
		address: row.advertisedAddress,
		...fleet.contact(row.id),
		cordoned: row.cordoned,
		draining: row.drainRequestedAt !== null,
		lost: row.lostAt !== null,
		lossConfirmed: row.lossConfirmed,
		engines: enginesColumn.parse(row.engines),
	};
}

function toNodeModel(row: FullNode, fleet: FleetState): NodeModel {
	const observation = fleet.observation(row.id, row.observation);
	return {
		id: row.id,
		clusterNodeId: clusterNodeId(row.id),
		name: row.name,
		host: toHostModel(row.host, fleet),
		port: row.port,
		kind: {
			engine: engineSchema.parse(row.engine),
			engineVersion: row.engineVersion,
			nodeType: row.nodeType,
		},
		memoryBytes: Number(row.memoryBytes),
		dataBytes: Number(row.maxmemoryBytes),
		moveTo:
			row.moveToHostId === null && row.moveToZone === null
				? null
				: { hostId: row.moveToHostId, zone: row.moveToZone },
		placedByHand: row.placedByHand,
		generation: row.generation,
		launchPermit: row.launchPermit,
		reboot: row.reboot,
		rebootPending: row.rebootPending,
		asleep: row.asleep,
		followsNodeId: row.followsNodeId,
		replacesNodeId: row.replacesNodeId,
		joining: row.joining,
		leavesFirst: row.leavesFirst,
		leavingAt: row.leavingAt,
		detached: row.detached,
		removed: row.removedAtRevision !== null,
		observation,
		hasSynced: observation?.hasSynced ?? false,
		hasLed: observation?.hasLed ?? false,
		goneForCertain: fleet.isGoneForCertain(row.id),
	};
}

export function toCacheModel(row: FullCache, sources: ModelSources): CacheModel {
	const { fleet } = sources;
	const clusterMode = clusterModeSchema.parse(row.clusterMode);
	const deleting = row.deletingAt !== null;
	const shards = row.shards.map((shard) => toShardModel(row, shard, sources));
	return {
		name: row.name,
		engine: engineSchema.parse(row.engine),
		engineVersion: row.engineVersion,
		nodeType: row.nodeType,
		clusterMode,
		status: cacheStatusSchema.parse(row.status),
		statusReason: row.statusReason,
		progress: progressColumn.parse(row.progress),
		blocks: blocksColumn.parse(row.blocks),
		automaticFailover: row.automaticFailover,
		promotionRequested: row.promotionRequestedAt !== null,
		multiAz: row.multiAz,
		zones: zonesColumn.parse(row.zones),
		sentinelFailingOver: fleet.sentinelsOf(row.id).some((each) => each.failoverUnderWay),
		safeMode: fleet.safeMode,
		portRequested: row.portRequested,
		port: row.port,
		deleting,
		finalSnapshotId: row.finalSnapshotId,
		everAvailable: row.availableAt !== null,
		quietForMs: fleet.quiet.quietForMs(row.id),
		nodesPerShard: nodesPerShard(row),
		resizing: row.resizedFrom !== null,
		pending: pendingKinds(row),
		maintenanceWindow: row.maintenanceWindow,
		operation: toOperationModel(row.operations[0]),
		shards,
		expectedView: clusterMode === "enabled" ? expectedView(shards) : null,
		primariesChosen: arePrimariesChosen(row),
		elastic: toElasticModel(row, sources),
		sleep: toSleepModel(row, fleet.elastic.wakeReason(row.id, sources.clock.now().getTime())),
		modeChange: modeChangeOf(row),
		mayBeWatched: mayBeWatched(row, fleet),
		discoveryNodeIds: nodeIdsColumn.parse(row.discoveryNodeIds) ?? [],
		gateways: gatewaysOf(row, fleet),
	};
}

function toElasticModel(row: FullCache, { fleet, clock }: ModelSources): ElasticModel | null {
	if (!isServerless(row)) return null;
	const memoryBytes = Number(row.nodeMemoryBytes);
	const now = clock.now().getTime();
	const loads = holdersOf(row).map(({ id }) => fleet.elastic.load(id, now));
	const protocol = protocolOf(row);
	return {
		...{ memoryBytes, dataBytes: shardBytesOf(memoryBytes) },
		...{ protocol, limits: limitsOf(row), shards: partsWanted(row) },
		evictionPolicy: evictionPolicySchema.nullable().parse(row.evictionPolicy),
		load: cacheLoadOf(protocol === null ? loads.map(ofAllProcessors) : loads),
		idleMs: leastOf(allNodeRows(row).map(({ id }) => fleet.elastic.idleMs(id, now))),
		recent: recentScalingOf(row),
	};
}

function mayBeWatched(row: FullCache, fleet: FleetState): boolean {
	const isUnseen = (hostId: string) => fleet.isSuspect(hostId) || !fleet.isListening(hostId);
	return fleet.sentinelsOf(row.id).length > 0 || row.sentinelHostIds.some(isUnseen);
}

/** A serverless cache's nodes that hold data of their own: primaries, or Memcached's nodes that count. */
export function holdersOf(row: FullCache): FullNode[] {
	if (row.engine === "memcached") {
		return allNodeRows(row).filter(
			({ joining, leavingAt, replacesNodeId }) =>
				!joining && leavingAt === null && replacesNodeId === null,
		);
	}
	return row.shards.flatMap(({ nodes, primaryNodeId }) =>
		nodes.filter(({ id }) => id === primaryNodeId),
	);
}

/** Memcached uses all processors of its node. */
function ofAllProcessors(load: NodeLoad | null): NodeLoad | null {
	const share = (cpuShare: number) => cpuShare / NODE_VCPUS;
	const peak = (each: Peak | null) => each && { ...each, cpuShare: share(each.cpuShare) };
	return (
		load && {
			...{ ...load, cpuShare: share(load.cpuShare) },
			...{ calm: peak(load.calm), longCalm: peak(load.longCalm) },
		}
	);
}

/** Null without any, or if one is unknown. */
function leastOf(values: readonly (number | null)[]): number | null {
	const known = values.filter((value) => value !== null);
	return known.length === 0 || known.length < values.length ? null : Math.min(...known);
}

/** Whether clients write through a primary endpoint; all other caches have a configuration endpoint instead. */
export function hasPrimaryEndpoint(row: Pick<CacheRow, "engine" | "clusterMode">): boolean {
	return row.engine !== "memcached" && row.clusterMode === "disabled";
}

/** Wanted number of nodes of each shard that has no number of its own. */
export function nodesPerShard(row: CacheRow): number {
	return row.nodeCount ?? row.replicasPerShard + 1;
}

function toShardModel(
	row: FullCache,
	shard: FullCache["shards"][number],
	{ fleet, orders }: ModelSources,
): ShardModel {
	const deleting = row.deletingAt !== null;
	const model = (nodes: FullNode[]) => nodes.map((node) => toNodeModel(node, fleet));
	const underWay = orders.underWay(shard.id);
	const newest = orders.newest(shard.id);
	const operation = toOperationModel(row.operations[0]);
	const result = newest?.result ?? null;
	const restore = restoreOf(shard);
	const ordered = result?.outcome === "done" ? result.leaderNodeId : null;
	return {
		id: shard.id,
		index: shard.index,
		slots: shard.slots,
		nodesWanted: shard.replicas === null ? null : shard.replicas + 1,
		bounds: operation === null ? null : boundsOf(operation, shard.id),
		primaryNodeId: shard.primaryNodeId,
		restore: restore && {
			...{ id: restore.id, snapshotName: restore.snapshotName, totalKeys: restore.totalKeys },
			hostId: restore.fetching?.hostId ?? null,
		},
		nodes: model(deleting ? shard.nodes : shard.nodes.filter(isStaying)),
		leaving: deleting ? [] : model(shard.nodes.filter((node) => !isStaying(node))),
		failoverCause: causeOf(shard),
		failover: shard.failoverRequestedAt === null ? null : { toNodeId: shard.failoverToNodeId },
		order:
			underWay === null ? null : { kind: underWay.order.kind, fresh: orders.isFresh(underWay) },
		ledBy: ordered ?? promotedSince(row, shard, fleet),
		failoverTroubled: orders.isTroubled(shard.id),
		orderProblem:
			newest === null || result === null || result.outcome === "done"
				? null
				: { kind: newest.order.kind, message: result.message },
	};
}

/** Why the shard's newest failover was requested or ordered. */
export function causeOf(shard: Pick<ShardRow, "failoverCause">): FailoverCause | null {
	return causeColumn.parse(shard.failoverCause);
}

/**
 * The replica that has become a primary since the last recorded failover. A node is promoted only for a reason, so it
 * leads.
 */
function promotedSince(
	row: FullCache,
	shard: FullCache["shards"][number],
	fleet: FleetState,
): string | null {
	const last = failoverColumn.parse(row.lastFailover);
	const since = last === null ? 0 : Date.parse(last.at);
	const promotedAt = ({ id }: { id: string }) => fleet.promotedAt(id) ?? 0;
	const newer = shard.nodes.filter((node) => promotedAt(node) > since);
	return newer.sort((a, b) => promotedAt(b) - promotedAt(a))[0]?.id ?? null;
}

function arePrimariesChosen(row: FullCache): boolean {
	const last = failoverColumn.parse(row.lastFailover);
	return last?.kind === "planned" && last.cause === REQUESTED;
}

/** The view that every node should show, hashed as the agents hash it. */
function expectedView(shards: readonly ShardModel[]): string {
	const text = clusterViewText(
		shards.map((shard) => ({
			slots: parseSlots(shard.slots ?? "") ?? [],
			primary: clusterNodeId(shard.primaryNodeId ?? ""),
			replicas: shard.nodes
				.filter((node) => node.id !== shard.primaryNodeId)
				.map((node) => node.clusterNodeId),
		})),
	);
	return createHash("sha256").update(text).digest("hex");
}

/** Gateways that should serve the cache, on hosts that report: others can't be asked to serve anything. */
function gatewaysOf(row: FullCache, fleet: FleetState): GatewayModel[] {
	const listening = row.servedByHostIds.filter((hostId) => fleet.isListening(hostId));
	return listening.map((hostId) => {
		const gateway = fleet.gateway(hostId);
		// What it says about endpoints that have changed since is out of date.
		const current = gateway !== null && gateway.routeRevision >= row.routeRevision;
		const route = current ? gateway.routes.get(row.id) : undefined;
		return {
			hostName: gateway?.hostName ?? "",
			phase: gateway?.phase ?? "unknown",
			ready: route?.ready ?? false,
			informed: current,
			problem: route?.problem ?? null,
		};
	});
}
