import type { z } from "zod";
import { AppError, type Cache, type failoverCacheInputSchema } from "../../contract/index.ts";
import { type FullCache, toCacheModel } from "../../data/cache-mapping.ts";
import { shardName, toCacheView } from "../../data/cache-view.ts";
import { recordEvent } from "../../data/record-event.ts";
import type { CacheModel, NodeModel, ShardModel } from "../../domain/cache/model.ts";
import { primaryOf } from "../../domain/cache/model.ts";
import { isReplicaInSync, isServingPrimary, isSilent } from "../../domain/cache/node-health.ts";
import { nodeNames } from "../../domain/cache/node-label.ts";
import { REQUESTED } from "../../domain/cache/plan-failover.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findCache, refuseDuringMigration } from "./find-cache.ts";

type Input = z.output<typeof failoverCacheInputSchema>;

/**
 * Requests another primary for a shard; the reconciler makes the engines hand over, which loses no write. The
 * request stands until another node is primary, or until it turns out to be impossible, which an event then
 * reports. Throws `invalid_argument` for a shard or node that doesn't exist, `conflict` for a primary that
 * can't hand over or a replica that can't take over now.
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
			await refuseDuringMigration(tx, row);
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
					failoverCause: { kind: "planned", cause: REQUESTED },
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
			`Memcached keeps no copies, so ${row.name} has no replica to fail over to. Use Valkey or Redis OSS with replicas for data that must survive the loss of a node.`,
		);
	}
	if (row.deletingAt !== null) throw refuse(`Cache ${row.name} is being deleted.`);
	if (row.availableAt === null) {
		throw refuse(`Cache ${row.name} is ${row.status}; it can fail over once it is available.`);
	}
	if (row.replicasPerShard === 0) {
		throw refuse(
			`Cache ${row.name} has no replica to fail over to. Set replicasPerShard to 1 or more first.`,
		);
	}
}

function chooseShard(cache: CacheModel, asked: string | undefined): ShardModel {
	const names = cache.shards.map((shard) => shardName(shard.index));
	const listed = names.length > 6 ? `${names[0]} to ${names.at(-1)}` : names.join(", ");
	const refuse = (message: string) => new AppError("invalid_argument", message, { field: "shard" });
	if (asked === undefined && cache.shards.length > 1) {
		throw refuse(
			`shard is required: cache ${cache.name} has ${cache.shards.length} shards. Name the one to fail over: ${listed}`,
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
		`A failover of ${nameOf(cache, shard)} is already in progress. Wait until it is done.`,
		{ field: "shard" },
	);
}

/** Null if the reconciler should choose the best one. */
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
	const others = nodeNames(inSync);
	if (asked === undefined) {
		if (inSync.length > 0) return null;
		throw new AppError(
			"conflict",
			`No replica of ${nameOf(cache, shard)} is in sync, so none can become the primary without losing writes. Wait until the cache is available.`,
			{ field: "shard" },
		);
	}
	const named = shard.nodes.filter(({ name }) => name === asked);
	// A node that moves is listed twice; its name means the one that can become primary.
	const node = named.find((each) => inSync.includes(each)) ?? named[0];
	if (node === undefined) {
		throw new AppError("invalid_argument", unknownNode(cache, shard, asked), { field: "node" });
	}
	if (node.id === primary.id) {
		throw new AppError(
			"conflict",
			`${node.name} is already the primary. ${others === "" ? "To fail over to the best replica, leave node out." : `Name a replica, such as ${inSync[0]?.name}, or leave node out.`}`,
			{ field: "node" },
		);
	}
	if (!inSync.includes(node)) {
		throw new AppError(
			"conflict",
			`${node.name} isn't in sync with ${primary.name}, so it can't become the primary without losing writes. ${others === "" ? "Wait until it is." : `Wait until it is, or name one that is: ${others}.`}`,
			{ field: "node" },
		);
	}
	return node;
}

function cannotHandOver(cache: CacheModel, primary: NodeModel | undefined): string {
	const what = `${primary?.name ?? "The primary"} isn't serving, so it can't hand over.`;
	return cache.automaticFailover
		? `${what} A replica takes over automatically.`
		: `${what} Promote a replica instead.`;
}

function unknownNode(cache: CacheModel, shard: ShardModel, asked: string): string {
	const home = cache.shards.find(({ nodes }) => nodes.some(({ name }) => name === asked));
	const own = nodeNames(shard.nodes);
	return home === undefined
		? `Cache ${cache.name} has no node ${asked}; nodes of ${nameOf(cache, shard)} are ${own}`
		: `Node ${asked} belongs to shard ${shardName(home.index)}; nodes of ${nameOf(cache, shard)} are ${own}`;
}

/** "orders", or "shard 0002 of orders" in cluster mode. */
function nameOf(cache: CacheModel, shard: ShardModel): string {
	return cache.clusterMode === "enabled"
		? `shard ${shardName(shard.index)} of ${cache.name}`
		: cache.name;
}
