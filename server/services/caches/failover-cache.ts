import type { z } from "zod";
import { AppError, type Cache, type failoverCacheInputSchema } from "../../contract/index.ts";
import { type FullCache, toCacheModel } from "../../data/cache-mapping.ts";
import { shardName, toCacheView } from "../../data/cache-view.ts";
import { recordEvent } from "../../data/record-event.ts";
import type { CacheModel, NodeModel, ShardModel } from "../../domain/cache/model.ts";
import { primaryOf } from "../../domain/cache/model.ts";
import { isReplicaInSync, isServingPrimary, isSilent } from "../../domain/cache/node-health.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findCache } from "./find-cache.ts";

type Input = z.output<typeof failoverCacheInputSchema>;

/**
 * Asks for another primary of a shard; the reconciler has the engines hand over, which loses no write. The request
 * stands until another node leads, or until it can't be done, which an event then tells. `invalid_argument` for a shard
 * or node that there isn't, `conflict` for what can't hand over or take over now.
 */
export async function failoverCache(
	resources: Resources,
	caller: Caller,
	input: Input,
): Promise<Cache> {
	return mutate(resources, caller, {
		action: "cache.failover",
		target: input.name,
		input,
		run: async (tx, after) => {
			const row = await findCache(tx, input.name);
			requireReplicas(row);
			const model = toCacheModel(row, resources);
			const shard = chooseShard(model, input.shard);
			const node = chooseNode(model, shard, input.node);
			const { count } = await tx.shard.updateMany({
				// Another request may have come first since the rows were read.
				where: { id: shard.id, failoverRequestedAt: null },
				data: {
					failoverRequestedAt: resources.clock.now(),
					failoverToNodeId: node?.id ?? null,
				},
			});
			if (count === 0) throw underWay(model, shard);
			await recordEvent(tx, resources.clock, {
				severity: "info",
				type: "cache.failover-requested",
				message: `Failover of ${nameOf(model, shard)} to ${node?.name ?? "the best replica in sync"} requested by ${caller.name}.`,
				cacheName: row.name,
			});
			after(() => resources.wakeCache(row.id));
			return toCacheView(await findCache(tx, input.name), resources);
		},
	});
}

function requireReplicas(row: FullCache): void {
	const refuse = (message: string) => new AppError("conflict", message, { field: "name" });
	if (row.engine === "memcached") {
		throw refuse(
			`Memcached keeps no copies, so ${row.name} has nobody to fail over to. Use Valkey or Redis OSS with replicas for data that has to outlive a node.`,
		);
	}
	if (row.deletingAt !== null) throw refuse(`Cache ${row.name} is being deleted.`);
	if (row.availableAt === null) {
		throw refuse(`Cache ${row.name} is ${row.status}; it can fail over once it is available.`);
	}
	if (row.replicasPerShard === 0) {
		throw refuse(
			`Cache ${row.name} has no replica to fail over to. Create one with replicasPerShard of 1 or more.`,
		);
	}
}

function chooseShard(cache: CacheModel, asked: string | undefined): ShardModel {
	const names = cache.shards.map((shard) => shardName(shard.index));
	const listed = names.length > 6 ? `${names[0]} to ${names.at(-1)}` : names.join(", ");
	const refuse = (message: string) => new AppError("invalid_argument", message, { field: "shard" });
	if (asked === undefined && cache.shards.length > 1) {
		throw refuse(
			`shard is needed: cache ${cache.name} has ${cache.shards.length} of them. Name the one that is to fail over, of ${listed}`,
		);
	}
	const shard = cache.shards.find(({ index }) => asked === undefined || shardName(index) === asked);
	if (shard === undefined) {
		throw refuse(
			`Cache ${cache.name} has no shard ${asked}; ${names.length === 1 ? `its only shard is ${listed}` : `its shards are ${listed}`}`,
		);
	}
	if (shard.failover !== null || shard.order !== null || cache.sentinelFailingOver) {
		throw underWay(cache, shard);
	}
	return shard;
}

function underWay(cache: CacheModel, shard: ShardModel): AppError {
	return new AppError(
		"conflict",
		`A failover of ${nameOf(cache, shard)} is under way already. Wait until it is done.`,
		{ field: "shard" },
	);
}

/** Null where the reconciler is to choose the best one. */
function chooseNode(
	cache: CacheModel,
	shard: ShardModel,
	asked: string | undefined,
): NodeModel | null {
	const primary = primaryOf(shard);
	if (primary === undefined || !isServingPrimary(primary, shard) || isSilent(primary)) {
		throw new AppError("conflict", cannotHandOver(cache, primary), { field: "shard" });
	}
	const inSync = shard.nodes.filter((node) => isReplicaInSync(node, primary) && !isSilent(node));
	const others = inSync.map((node) => node.name).join(", ");
	if (asked === undefined) {
		if (inSync.length > 0) return null;
		throw new AppError(
			"conflict",
			`No replica of ${nameOf(cache, shard)} is in sync, so none can lead without losing writes. Wait until the cache is available.`,
			{ field: "shard" },
		);
	}
	const node = shard.nodes.find(({ name }) => name === asked);
	if (node === undefined) {
		throw new AppError("invalid_argument", unknownNode(cache, shard, asked), { field: "node" });
	}
	if (node.id === primary.id) {
		throw new AppError(
			"conflict",
			`${node.name} leads already. ${others === "" ? "Leave node out to have the best replica lead." : `Name a replica, such as ${inSync[0]?.name}, or leave node out.`}`,
			{ field: "node" },
		);
	}
	if (!inSync.includes(node)) {
		throw new AppError(
			"conflict",
			`${node.name} isn't in sync with ${primary.name}, so it can't lead without losing writes. ${others === "" ? "Wait until it is." : `Wait until it is, or name one that is: ${others}.`}`,
			{ field: "node" },
		);
	}
	return node;
}

function cannotHandOver(cache: CacheModel, primary: NodeModel | undefined): string {
	const what = `${primary?.name ?? "The primary"} doesn't serve now, so it can't hand over.`;
	return cache.automaticFailover
		? `${what} A replica takes its place without a request.`
		: `${what} Promote a replica instead: larder caches promote ${cache.name}`;
}

function unknownNode(cache: CacheModel, shard: ShardModel, asked: string): string {
	const home = cache.shards.find(({ nodes }) => nodes.some(({ name }) => name === asked));
	const own = shard.nodes.map(({ name }) => name).join(", ");
	return home === undefined
		? `Cache ${cache.name} has no node ${asked}; nodes of ${nameOf(cache, shard)} are ${own}`
		: `Node ${asked} is of shard ${shardName(home.index)}; nodes of ${nameOf(cache, shard)} are ${own}`;
}

/** "orders", or "shard 0002 of orders" where there are shards to tell apart. */
function nameOf(cache: CacheModel, shard: ShardModel): string {
	return cache.clusterMode === "enabled"
		? `shard ${shardName(shard.index)} of ${cache.name}`
		: cache.name;
}
