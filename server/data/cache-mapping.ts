import { createHash } from "node:crypto";
import { z } from "zod";
import {
	cacheStatusSchema,
	clusterModeSchema,
	clusterViewText,
	engineSchema,
	parseSlots,
	progressStepSchema,
} from "../contract/index.ts";
import { clusterNodeId } from "../domain/cache/cluster-node-id.ts";
import type { CacheModel, GatewayModel, NodeModel, ShardModel } from "../domain/cache/model.ts";
import type { CacheRow, HostRow, NodeRow, ShardRow } from "./database.ts";
import type { FleetState } from "./fleet-state.ts";

export type FullNode = NodeRow & { host: HostRow };
export type FullCache = CacheRow & { shards: (ShardRow & { nodes: FullNode[] })[] };

/** Rows that every view and plan needs, nodes in the order of their names. */
export const FULL_CACHE = {
	shards: {
		orderBy: { index: "asc" },
		include: { nodes: { orderBy: { name: "asc" }, include: { host: true } } },
	},
} as const;

export const progressColumn = z.array(progressStepSchema);
export const zonesColumn = z.array(z.string()).nullable();
export const nodeIdsColumn = z.array(z.string()).nullable();

export function allNodeRows(row: FullCache): FullNode[] {
	return row.shards.flatMap((shard) => shard.nodes);
}

function toNodeModel(row: FullNode, fleet: FleetState): NodeModel {
	const observation = fleet.observation(row.id, row.observation);
	return {
		id: row.id,
		clusterNodeId: clusterNodeId(row.id),
		name: row.name,
		host: {
			name: row.host.name,
			online: fleet.isOnline(row.hostId),
			address: row.host.advertisedAddress,
		},
		port: row.port,
		generation: row.generation,
		launchPermit: row.launchPermit,
		reboot: row.reboot,
		rebootPending: row.rebootPending,
		followsNodeId: row.followsNodeId,
		removed: row.removedAtRevision !== null,
		observation,
		hasSynced: observation?.hasSynced ?? false,
	};
}

export function toCacheModel(row: FullCache, fleet: FleetState): CacheModel {
	const clusterMode = clusterModeSchema.parse(row.clusterMode);
	const shards = row.shards.map(
		(shard): ShardModel => ({
			id: shard.id,
			index: shard.index,
			slots: shard.slots,
			primaryNodeId: shard.primaryNodeId,
			nodes: shard.nodes.map((node) => toNodeModel(node, fleet)),
		}),
	);
	return {
		name: row.name,
		engine: engineSchema.parse(row.engine),
		clusterMode,
		status: cacheStatusSchema.parse(row.status),
		statusReason: row.statusReason,
		progress: progressColumn.parse(row.progress),
		automaticFailover: row.automaticFailover,
		promotionRequested: row.promotionRequestedAt !== null,
		portRequested: row.portRequested,
		port: row.port,
		deleting: row.deletingAt !== null,
		everAvailable: row.availableAt !== null,
		shards,
		expectedView: clusterMode === "enabled" ? expectedView(shards) : null,
		discoveryNodeIds: nodeIdsColumn.parse(row.discoveryNodeIds) ?? [],
		gateways: gatewaysOf(row, fleet),
	};
}

/** What every node is to show, hashed as the agents hash it. */
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

/** Those of the hosts that report; others can't be asked to serve anything. */
function gatewaysOf(row: FullCache, fleet: FleetState): GatewayModel[] {
	return fleet.onlineHostIds().map((hostId) => {
		const gateway = fleet.gateway(hostId);
		// What it says of endpoints that have changed since is out of date.
		const current = gateway !== null && gateway.routeRevision >= row.routeRevision;
		const route = current ? gateway.routes.get(row.id) : undefined;
		return {
			hostName: gateway?.hostName ?? "",
			phase: gateway?.phase ?? "unknown",
			ready: route?.ready ?? false,
			problem: route?.problem ?? null,
		};
	});
}
