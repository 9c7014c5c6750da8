import { z } from "zod";
import {
	authModeSchema,
	type Cache,
	type CacheNode,
	type CacheSummary,
	cacheKindSchema,
	engineSchema,
	nodeHourlyCost,
	type RateCard,
} from "../contract/index.ts";
import { type DnsSettings, type EndpointNames, readerName } from "../contract/names.ts";
import { persistenceSchema } from "../contract/persistence.ts";
import { requiresFinalSnapshot } from "../domain/cache/final-snapshot.ts";
import { modeView } from "../domain/cache/mode-progress.ts";
import type { CacheModel, NodeModel, ShardModel } from "../domain/cache/model.ts";
import { allNodes, nodesWanted, primaryOf } from "../domain/cache/model.ts";
import { movesView } from "../domain/cache/move-progress.ts";
import {
	isConverged,
	isHealthy,
	isReplicaInSync,
	nodeStatus,
} from "../domain/cache/node-health.ts";
import { type VisibleNode, visibleNodes } from "../domain/cache/node-pairs.ts";
import { resizeView } from "../domain/cache/resize-view.ts";
import { zoneSpread } from "../domain/cache/zone-spread.ts";
import { operationView } from "../domain/operation/operation-progress.ts";
import type { Clock } from "../platform/clock.ts";
import {
	allNodeRows,
	type FullCache,
	failoverColumn,
	formerShapeColumn,
	hasPrimaryEndpoint,
	type ModelSources,
	toCacheModel,
	zonesColumn,
} from "./cache-mapping.ts";
import { fleetRoom } from "./fleet-room.ts";
import type { FleetState } from "./fleet-state.ts";
import { pendingView } from "./pending-changes.ts";
import { isServerless } from "./serverless-rows.ts";
import { serverlessView } from "./serverless-view.ts";

/** What a view needs besides the rows. */
export interface ViewSources extends ModelSources {
	rateCard: RateCard;
	clock: Clock;
	dns: DnsSettings | null;
}

const tagsColumn = z.record(z.string(), z.string());

/** The displayed name of the shard with that index: 0001 is the first. */
export function shardName(index: number): string {
	return String(index + 1).padStart(4, "0");
}

/** The number of nodes that the cache has once it is placed. */
export function wantedNodeCount(row: FullCache): number {
	if (row.nodeCount !== null) return row.nodeCount;
	const own = row.shards.slice(0, row.shardCount).flatMap(({ replicas }) => replicas ?? []);
	const common = (row.shardCount - own.length) * (row.replicasPerShard + 1);
	return own.reduce((sum, replicas) => sum + replicas + 1, common);
}

/** Cost of the cache with that many nodes for an hour; null for a serverless cache, which costs what it uses. */
export function hourlyCostOf(
	row: FullCache,
	rateCard: RateCard,
	nodeCount: number = wantedNodeCount(row),
): number | null {
	if (isServerless(row)) return null;
	const { nodeType } = row;
	const engine = engineSchema.parse(row.engine);
	const memoryBytes = Number(row.nodeMemoryBytes);
	return nodeCount * nodeHourlyCost(rateCard, { engine, nodeType, memoryBytes });
}

/** The cache as the API shows it. */
export function toCacheView(row: FullCache, sources: ViewSources): Cache {
	const { fleet, rateCard, clock } = sources;
	const model = toCacheModel(row, sources);
	const nodes = allNodes(model);
	const spread = zoneSpread(model, fleetRoom(fleet, row));
	return {
		name: row.name,
		kind: cacheKindSchema.parse(row.kind),
		engine: model.engine,
		engineVersion: runningVersion(nodes) ?? row.engineVersion,
		status: model.status,
		statusReason: model.statusReason,
		progress: [...model.progress],
		operation: changeView(row, model, sources),
		pendingChanges: pendingView(row, model, sources.clock.now()),
		maintenanceWindow: row.maintenanceWindow,
		nodeType: row.nodeType,
		clusterMode: model.clusterMode,
		shardCount: row.shardCount,
		replicasPerShard: row.replicasPerShard,
		nodeCount: wantedNodeCount(row),
		zones: zonesColumn.parse(row.zones),
		multiAz: row.multiAz,
		multiAzStatus: spread.status,
		multiAzReason: spread.reason,
		automaticFailover: row.automaticFailover,
		lastFailover: failoverColumn.parse(row.lastFailover),
		port: row.port,
		endpoints: endpointsOf(row, model, sources),
		shards: model.shards.map((shard) => ({
			id: shardName(shard.index),
			slots: shard.slots,
			replicas: row.nodeCount === null ? nodesWanted(model, shard) - 1 : 0,
			nodes: visibleNodes(shard).map((visible) => toNodeView(model, shard, visible, fleet)),
		})),
		auth: {
			mode: authModeSchema.parse(row.authMode),
			username: row.authMode === "password" ? "default" : null,
		},
		parameterGroup: { name: row.parameterGroup, status: parameterStatus(model) },
		...serverlessView(row, sources),
		deletionProtection: row.deletionProtection,
		finalSnapshotRequired: requiresFinalSnapshot(row, clock.now()),
		snapshotRetentionDays: row.snapshotRetentionDays,
		snapshotWindow: row.snapshotWindow,
		persistence: persistenceSchema.parse(row.persistence),
		hourlyCost: hourlyCostOf(row, rateCard),
		tags: tagsColumn.parse(row.tags),
		description: row.description,
		createdAt: row.createdAt.toISOString(),
		availableAt: row.availableAt?.toISOString() ?? null,
	};
}

/** What is under way: slots that move, or else nodes that change or move. */
function changeView(
	row: FullCache,
	model: CacheModel,
	{ clock, fleet }: ViewSources,
): Cache["operation"] {
	const now = clock.now();
	const operation = operationView(model, model.progress, now, shardName);
	const former = formerShapeColumn.nullable().parse(row.resizedFrom);
	const usedBytes = (nodeId: string) => fleet.metrics(nodeId)?.memoryUsedBytes ?? 0;
	if (operation !== null) return operation;
	if (model.modeChange !== null) return modeView(model);
	if (former === null) return movesView(model, row.id, usedBytes, now);
	const { id = row.id, startedAt = row.createdAt.toISOString(), kind = null } = former;
	const canceling = former.canceling === true;
	return resizeView(model, { id, startedAt, formerKind: kind, canceling }, usedBytes, now);
}

function runningVersion(nodes: readonly NodeModel[]): string | null {
	for (const { observation } of nodes) {
		if (observation?.engineState) return observation.engineState.version;
	}
	return null;
}

function toNodeView(
	model: CacheModel,
	shard: ShardModel,
	{ node, move }: VisibleNode,
	fleet: FleetState,
): CacheNode {
	const { observation } = node;
	return {
		id: node.name,
		role: node.host.online ? (observation?.engineState?.role ?? null) : null,
		zone: node.host.zone,
		host: node.host.name,
		address: node.host.address,
		port: node.port,
		pid: observation?.pid ?? null,
		status: nodeStatus(model, shard, node),
		statusReason: observation?.reason?.message ?? null,
		inSync: isConverged(node) && isHealthy(node, shard),
		pendingParameters: observation?.pendingParameters ?? [],
		move,
		clientLimit: observation?.clientLimit ?? null,
		metrics: fleet.metrics(node.id),
	};
}

function parameterStatus(model: CacheModel): Cache["parameterGroup"]["status"] {
	const nodes = allNodes(model);
	if (nodes.some((node) => (node.observation?.pendingParameters.length ?? 0) > 0)) {
		return "pending-reboot";
	}
	const applying = nodes.some(
		(node) => node.observation !== null && node.observation.generation < node.generation,
	);
	return model.everAvailable && applying ? "applying" : "in-sync";
}

/** Empty before the cache was first available: an address that doesn't answer yet isn't an endpoint. */
function endpointsOf(
	row: FullCache,
	model: CacheModel,
	{ fleet, dns }: ViewSources,
): Cache["endpoints"] {
	const none = { primary: null, reader: null, configuration: null };
	if (!model.everAvailable || model.deleting) {
		return { ...none, gateways: [], nodes: [], names: null };
	}
	const gateways = entryPoints(row, fleet);
	const at = (port: number | null) => {
		const host = gateways[0];
		return host === undefined || port === null ? null : { host, port };
	};
	const nodes = model.shards
		.flatMap(visibleNodes)
		.filter(({ node }) => !node.joining && node.leavingAt === null)
		.map(({ node }) => ({ node: node.name, host: node.host.address, port: node.port }));
	return {
		...(hasPrimaryEndpoint(row)
			? {
					...none,
					primary: at(row.port) ?? directPrimary(model),
					reader: at(row.readerPort) ?? directReader(model),
				}
			: { ...none, configuration: at(row.port) }),
		...{ gateways, nodes },
		// Names lead to gateways: without one, a client needs the address above.
		names: dns === null || gateways.length === 0 ? null : namesOf(row, nodes, dns),
	};
}

function namesOf(
	row: FullCache,
	nodes: readonly { node: string }[],
	{ zone, port }: DnsSettings,
): EndpointNames {
	const inZone = (label: string) => `${label}.${zone}`;
	const entry = inZone(row.name);
	const hasPrimary = hasPrimaryEndpoint(row);
	return {
		...{ zone, port },
		primary: hasPrimary ? entry : null,
		reader: row.readerPort === null ? null : inZone(readerName(row.name)),
		configuration: hasPrimary ? null : entry,
		nodes: nodes.map(({ node }) => ({ node, name: inZone(node) })),
	};
}

/**
 * Addresses whose gateways serve the cache, in a stable order: hosts of the cache first, so that the first
 * address stays the same while other hosts come and go.
 */
function entryPoints(row: FullCache, fleet: FleetState): string[] {
	const own = new Set(allNodeRows(row).map((node) => node.hostId));
	const online = row.servedByHostIds.filter((hostId) => fleet.isOnline(hostId));
	const serving = online.flatMap((hostId) => {
		const gateway = fleet.gateway(hostId);
		const route = gateway?.routes.get(row.id);
		if (gateway?.phase !== "running" || route === undefined || route.problem !== null) return [];
		return [{ rank: own.has(hostId) ? 0 : 1, name: gateway.hostName, address: gateway.address }];
	});
	serving.sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1));
	return serving.map(({ address }) => address);
}

/** If no gateway runs, clients get the node's own address, which changes with a failover. */
function directPrimary(model: CacheModel): Cache["endpoints"]["primary"] {
	const shard = model.shards[0];
	const primary = shard === undefined ? undefined : primaryOf(shard);
	return primary === undefined ? null : { host: primary.host.address, port: primary.port };
}

function directReader(model: CacheModel): Cache["endpoints"]["reader"] {
	const shard = model.shards[0];
	const primary = shard === undefined ? undefined : primaryOf(shard);
	if (shard === undefined || primary === undefined) return null;
	const reader = shard.nodes.find((node) => isReplicaInSync(node, primary)) ?? primary;
	return { host: reader.host.address, port: reader.port };
}

export function toCacheSummary(
	row: FullCache,
	sources: ViewSources,
	usableNodeBytes: number,
): CacheSummary {
	const { shards, progress: _progress, ...view } = toCacheView(row, sources);
	const nodes = shards.flatMap((shard) => shard.nodes);
	const samples = sources.fleet.cacheMetrics(row.id);
	const keepers = nodes.filter((node) => node.role === "primary" || node.role === "node");
	const used = keepers.flatMap((node) => node.metrics?.memoryUsedBytes ?? []);
	const hits = samples.reduce((sum, sample) => sum + sample.hitsPerSecond, 0);
	const reads = samples.reduce((sum, sample) => sum + sample.missesPerSecond, hits);
	return {
		...view,
		memoryUsedBytes: used.length === 0 ? null : used.reduce((sum, bytes) => sum + bytes, 0),
		memoryMaxBytes: usableNodeBytes * (row.nodeCount ?? row.shardCount),
		opsPerSecond:
			samples.length === 0 ? null : samples.reduce((sum, sample) => sum + sample.opsPerSecond, 0),
		hitRate: reads > 0 ? hits / reads : null,
	};
}
