import { z } from "zod";
import {
	authModeSchema,
	type Cache,
	type CacheSummary,
	cacheKindSchema,
	cacheStatusSchema,
	clusterModeSchema,
	engineSchema,
	nodeTypeNameSchema,
	progressStepSchema,
} from "../contract/index.ts";
import type { CacheModel, NodeModel } from "../domain/cache/model.ts";
import { isReplicaInSync, isSettled, nodeStatus } from "../domain/cache/node-health.ts";
import type { CacheRow, HostRow, NodeRow, ShardRow } from "./database.ts";
import type { FleetState } from "./fleet-state.ts";

type FullNode = NodeRow & { host: HostRow };
export type FullCache = CacheRow & { shards: (ShardRow & { nodes: FullNode[] })[] };

/** Rows that every view and plan needs, nodes in the order of their names. */
export const FULL_CACHE = {
	shards: {
		orderBy: { index: "asc" },
		include: { nodes: { orderBy: { name: "asc" }, include: { host: true } } },
	},
} as const;

const tagsColumn = z.record(z.string(), z.string());
export const progressColumn = z.array(progressStepSchema);

function toNodeModel(row: FullNode, fleet: FleetState): NodeModel {
	const observation = fleet.observation(row.id, row.observation);
	return {
		id: row.id,
		name: row.name,
		host: {
			name: row.host.name,
			online: fleet.isOnline(row.hostId),
			address: row.host.advertisedAddress,
		},
		port: row.port,
		generation: row.generation,
		launchPermit: row.launchPermit,
		followsNodeId: row.followsNodeId,
		removed: row.removedAtRevision !== null,
		observation,
		hasSynced: observation?.hasSynced ?? false,
	};
}

export function toCacheModel(row: FullCache, fleet: FleetState): CacheModel {
	const shard = row.shards[0];
	return {
		name: row.name,
		status: cacheStatusSchema.parse(row.status),
		statusReason: row.statusReason,
		progress: progressColumn.parse(row.progress),
		automaticFailover: row.automaticFailover,
		promotionRequested: row.promotionRequestedAt !== null,
		portRequested: row.portRequested,
		deleting: row.deletingAt !== null,
		everAvailable: row.availableAt !== null,
		primaryNodeId: shard?.primaryNodeId ?? null,
		nodes: (shard?.nodes ?? []).map((node) => toNodeModel(node, fleet)),
	};
}

/** The cache as the API shows it. */
export function toCacheView(row: FullCache, fleet: FleetState): Cache {
	const model = toCacheModel(row, fleet);
	const primary = model.nodes.find((node) => node.id === model.primaryNodeId);
	const rows = row.shards.flatMap((shard) => shard.nodes);
	const views = model.nodes.map((node) => {
		const nodeRow = rows.find((candidate) => candidate.id === node.id);
		const observation = node.observation;
		return {
			id: node.name,
			role: node.host.online ? (observation?.engineState?.role ?? null) : null,
			zone: nodeRow?.host.zone ?? "",
			host: node.host.name,
			address: node.host.address,
			port: node.port,
			pid: observation?.pid ?? null,
			status: nodeStatus(model, node, primary ?? node),
			statusReason: observation?.reason?.message ?? null,
			inSync: primary !== undefined && isSettled(node, primary),
			metrics: fleet.metrics(node.id),
		};
	});
	return {
		name: row.name,
		kind: cacheKindSchema.parse(row.kind),
		engine: engineSchema.parse(row.engine),
		engineVersion:
			model.nodes.find((node) => node.observation?.engineState)?.observation?.engineState
				?.version ?? row.engineVersion,
		status: model.status,
		statusReason: model.statusReason,
		progress: [...model.progress],
		nodeType: nodeTypeNameSchema.parse(row.nodeType),
		clusterMode: clusterModeSchema.parse(row.clusterMode),
		replicasPerShard: row.replicasPerShard,
		multiAz: row.multiAz,
		automaticFailover: row.automaticFailover,
		port: row.port,
		endpoints: endpointsOf(model, primary),
		shards: row.shards.map((shard) => ({
			id: String(shard.index + 1).padStart(4, "0"),
			slots: shard.slots,
			nodes: views,
		})),
		auth: {
			mode: authModeSchema.parse(row.authMode),
			username: row.authMode === "password" ? "default" : null,
		},
		tags: tagsColumn.parse(row.tags),
		description: row.description,
		createdAt: row.createdAt.toISOString(),
		availableAt: row.availableAt?.toISOString() ?? null,
	};
}

/** Nothing before the cache was first available: an address that doesn't answer yet is no endpoint. */
function endpointsOf(model: CacheModel, primary: NodeModel | undefined): Cache["endpoints"] {
	if (primary === undefined || !model.everAvailable || model.deleting) {
		return { primary: null, reader: null, configuration: null, nodes: [] };
	}
	const reader = model.nodes.find((node) => isReplicaInSync(node, primary)) ?? primary;
	return {
		primary: { host: primary.host.address, port: primary.port },
		reader: { host: reader.host.address, port: reader.port },
		configuration: null,
		nodes: model.nodes.map((node) => ({
			node: node.name,
			host: node.host.address,
			port: node.port,
		})),
	};
}

export function toCacheSummary(
	row: FullCache,
	fleet: FleetState,
	memoryMaxBytes: number,
): CacheSummary {
	const { shards, progress: _progress, ...view } = toCacheView(row, fleet);
	const nodes = shards.flatMap((shard) => shard.nodes);
	const samples = nodes.flatMap((node) => (node.metrics === null ? [] : [node.metrics]));
	const primary = nodes.find((node) => node.role === "primary");
	const hits = samples.reduce((sum, sample) => sum + sample.hitsPerSecond, 0);
	const reads = samples.reduce((sum, sample) => sum + sample.missesPerSecond, hits);
	return {
		...view,
		nodeCount: row.replicasPerShard + 1,
		memoryUsedBytes: primary?.metrics?.memoryUsedBytes ?? null,
		memoryMaxBytes,
		opsPerSecond:
			samples.length === 0 ? null : samples.reduce((sum, sample) => sum + sample.opsPerSecond, 0),
		hitRate: reads > 0 ? hits / reads : null,
	};
}
