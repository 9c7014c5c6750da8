import type { DrainPreview } from "../../contract/host.ts";
import {
	allNodeRows,
	FULL_CACHE,
	type FullCache,
	type FullNode,
	zonesColumn,
} from "../../data/cache-mapping.ts";
import { readSnapshot } from "../../data/read-snapshot.ts";
import {
	type DrainedCache,
	type DrainMember,
	type DrainOutcome,
	planDrain,
} from "../../domain/placement/plan-drain.ts";
import type { Resources } from "../context.ts";
import { placementHosts } from "../placement-hosts.ts";
import { findHost } from "./find-host.ts";

/** What a drain of the host would do now. A forecast: room may come and go while nodes copy their data. */
export async function previewDrain(
	resources: Resources,
	input: { name: string },
): Promise<DrainPreview> {
	const { db, nodePorts } = resources;
	return readSnapshot(db, async (tx) => {
		const host = await findHost(tx, input.name);
		const caches = await tx.cache.findMany({
			where: { deletingAt: null, nodes: { some: { hostId: host.id, removedAtRevision: null } } },
			include: FULL_CACHE,
			orderBy: { name: "asc" },
		});
		const hosts = await placementHosts(resources, tx);
		const outcomes = planDrain({
			from: { hostId: host.id, zone: host.zone },
			hosts,
			caches: caches.map(toDrainedCache),
			portRange: nodePorts,
		});
		const hostName = (id: string | null) => hosts.find((each) => each.id === id)?.name ?? null;
		return {
			host: host.name,
			nodes: caches.flatMap((cache) =>
				allNodeRows(cache).flatMap((node) => {
					const outcome = outcomes.find(({ nodeId }) => nodeId === node.id);
					return outcome === undefined
						? []
						: [toView(cache, node, outcome, hostName(outcome.toHostId))];
				}),
			),
		};
	});
}

function toView(
	cache: FullCache,
	node: FullNode,
	outcome: DrainOutcome,
	to: string | null,
): DrainPreview["nodes"][number] {
	const isMemcached = cache.engine === "memcached";
	const leads = cache.shards.some(({ primaryNodeId }) => primaryNodeId === node.id);
	return {
		cache: cache.name,
		node: node.name,
		role: isMemcached ? "node" : leads ? "primary" : "replica",
		to,
		reason: outcome.toHostId === null ? outcome.reason : null,
		remedy: outcome.toHostId === null ? outcome.remedy : null,
		losesData: isMemcached,
	};
}

/** A node that is being moved counts on the host that it moves to. */
function toDrainedCache(cache: FullCache): DrainedCache {
	const rows = allNodeRows(cache);
	const replaced = new Set(rows.map(({ replacesNodeId }) => replacesNodeId));
	return {
		nodeMemoryBytes: Number(cache.nodeMemoryBytes),
		nodeCpuMillis: cache.nodeCpuMillis,
		zones: zonesColumn.parse(cache.zones),
		shards: cache.shards.map((shard) =>
			rows
				.filter(({ id, shardId }) => shardId === shard.id && !replaced.has(id))
				.map(
					(node): DrainMember => ({
						nodeId: node.id,
						hostId: node.hostId,
						zone: node.host.zone,
						leads: node.id === shard.primaryNodeId,
					}),
				),
		),
	};
}
