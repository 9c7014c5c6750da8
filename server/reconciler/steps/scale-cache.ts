import { randomUUID } from "node:crypto";
import { AppError } from "../../contract/errors.ts";
import { formatGib } from "../../contract/units.ts";
import { blocksColumn } from "../../data/blocks-column.ts";
import { allNodeRows, FULL_CACHE, type FullCache, toCacheModel } from "../../data/cache-mapping.ts";
import { writeInCharge } from "../../data/charge.ts";
import type { Transaction } from "../../data/database.ts";
import { recordEvent } from "../../data/record-event.ts";
import { lockCaches, lockHosts } from "../../data/row-locks.ts";
import { recentScalingOf } from "../../data/scaling-column.ts";
import { partsWanted, protocolOf } from "../../data/serverless-rows.ts";
import { situationOf } from "../../domain/cache/plan-scaling.ts";
import {
	NODE_VCPUS,
	nodeBytesOf,
	shardBytesOf,
	vcpusOf,
} from "../../domain/serverless/capacity.ts";
import { partsOf } from "../../domain/serverless/parts.ts";
import {
	type Decision,
	decideCapacity,
	remember,
	type ShardCapacity,
	type Situation,
} from "../../domain/serverless/policy.ts";
import { bumpHosts, wakeHosts } from "../../services/bump-hosts.ts";
import { reshard } from "../../services/caches/reshard-cache.ts";
import type { Resources } from "../../services/context.ts";
import { elasticRoom } from "../../services/elastic-room.ts";

/** Who asks for more or fewer shards, as events name it. */
const POLICY = { name: "its serverless policy" };

/**
 * Gives a serverless cache the capacity that the policy wants, as far as hosts have room, and records the decision. Nodes
 * that grow get their memory in this transaction, because clients fill it meanwhile. The rest is left to later passes: a
 * smaller node is a change in two steps (change-kind.ts), a host without room needs a successor elsewhere, and slots move
 * by an operation. Returns why the cache doesn't get what it needs; null for nothing. Placements run one at a time, as in
 * `placeCache`.
 */
export async function scaleCache(
	resources: Resources,
	{ id, ...seen }: FullCache,
): Promise<string | null> {
	const hostIds = allNodeRows({ id, ...seen }).map((node) => node.hostId);
	const outcome = await writeInCharge(resources, async (tx) => {
		await lockHosts(tx, hostIds);
		await lockCaches(tx, [id]);
		// The cache as the pass has read it may be out of date: planned twice, it is still done once.
		const cache = await tx.cache.findUniqueOrThrow({ where: { id }, include: FULL_CACHE });
		return await scale(resources, tx, cache);
	});
	wakeHosts(resources, outcome.told);
	if (outcome.isUnfinished) resources.wakeCache(id);
	return outcome.obstacle;
}

interface Outcome {
	obstacle: string | null;
	/** Hosts whose nodes have got more memory. */
	told: Iterable<string>;
	/** Another pass has more to do. */
	isUnfinished: boolean;
}

async function scale(resources: Resources, tx: Transaction, cache: FullCache): Promise<Outcome> {
	const room = await elasticRoom(resources, tx, cache);
	const now = resources.clock.now();
	const situation = situationOf(toCacheModel(cache, resources), room, now);
	if (situation === null) return { obstacle: null, told: [], isUnfinished: false };
	const { decision, obstacle } = decideCapacity(situation);
	const wanted: ShardCapacity = {
		shardBytes: shardBytesOf(Number(cache.nodeMemoryBytes)),
		shards: partsWanted(cache),
	};
	if (decision === null || isOnItsWay(cache, wanted, situation, decision)) {
		const told = await growNodes(tx, cache, Math.min(wanted.shardBytes, room.inPlaceBytes));
		return { obstacle, told, isUnfinished: false };
	}
	const { to } = decision;
	await tx.cache.updateMany({
		where: { id: cache.id },
		data: {
			nodeMemoryBytes: BigInt(nodeBytesOf(to.shardBytes)),
			nodeVcpus: vcpusFor(cache, to.shardBytes),
		},
	});
	const told = await growNodes(tx, cache, Math.min(to.shardBytes, room.inPlaceBytes));
	const problem = to.shards === wanted.shards ? null : await changeShards(resources, tx, cache, to);
	const done = problem === null ? to : { ...to, shards: wanted.shards };
	// What wasn't done isn't remembered, and another pass at once would find the same problem.
	if (done.shards === wanted.shards && done.shardBytes === wanted.shardBytes) {
		return { obstacle: problem ?? obstacle, told, isUnfinished: false };
	}
	await record(resources, tx, cache, wanted, { ...decision, to: done });
	const isGrown = done.shards === wanted.shards && done.shardBytes <= room.inPlaceBytes;
	const isUnfinished =
		!isGrown || done.shards !== wanted.shards || done.shardBytes < wanted.shardBytes;
	return { obstacle: problem ?? obstacle, told, isUnfinished };
}

/**
 * The cache already wants enough, and its nodes don't have it yet: successors are on their way. If none found a host, a
 * smaller size is better than none.
 */
function isOnItsWay(
	cache: FullCache,
	wanted: ShardCapacity,
	situation: Situation,
	{ to }: Decision,
): boolean {
	if (situation.capacity.shardBytes >= wanted.shardBytes || to.shards !== wanted.shards)
		return false;
	const blocks = blocksColumn.parse(cache.blocks);
	if (blocks.some(({ step }) => step === "add-replacement")) {
		return to.shardBytes === wanted.shardBytes;
	}
	const then = decideCapacity({ ...situation, capacity: wanted }).decision;
	return (then?.to.shardBytes ?? 0) <= wanted.shardBytes;
}

/** A Memcached node has as many threads at any size. */
function vcpusFor({ engine }: FullCache, shardBytes: number): number {
	return engine === "memcached" ? NODE_VCPUS : vcpusOf(shardBytes);
}

/** Raises nodes that have less to so much memory for data, where they are. Returns their hosts. */
async function growNodes(
	tx: Transaction,
	cache: FullCache,
	shardBytes: number,
): Promise<Iterable<string>> {
	const growing = allNodeRows(cache).filter((node) => Number(node.maxmemoryBytes) < shardBytes);
	if (growing.length === 0) return [];
	const hosts = await bumpHosts(
		tx,
		growing.map(({ hostId }) => hostId),
	);
	const memoryBytes = BigInt(nodeBytesOf(shardBytes));
	await tx.$executeRaw`
		UPDATE "Node" SET "maxmemoryBytes" = ${BigInt(shardBytes)}, "generation" = "generation" + 1,
			"memoryBytes" = greatest("memoryBytes", ${memoryBytes}),
			"vcpus" = greatest("vcpus", ${vcpusFor(cache, shardBytes)}::int)
		WHERE "id" = ANY(${growing.map(({ id }) => id)}::text[])`;
	return hosts.keys();
}

/** Returns why the number of shards can't change now; null if it does. */
async function changeShards(
	resources: Resources,
	tx: Transaction,
	cache: FullCache,
	{ shards }: ShardCapacity,
): Promise<string | null> {
	if (cache.engine === "memcached") {
		// Later passes add nodes, or let some leave.
		await tx.cache.updateMany({ where: { id: cache.id }, data: { nodeCount: shards } });
		return null;
	}
	const row = await tx.cache.findUniqueOrThrow({ where: { id: cache.id }, include: FULL_CACHE });
	try {
		await reshard(resources, POLICY, tx, row, { shards });
		return null;
	} catch (error) {
		// A change that a user requested comes first.
		if (error instanceof AppError && error.code === "conflict") return error.message;
		throw error;
	}
}

async function record(
	{ clock }: Resources,
	tx: Transaction,
	cache: FullCache,
	from: ShardCapacity,
	decision: Decision,
): Promise<void> {
	const { to, trigger, reason } = decision;
	const recent = remember(recentScalingOf(cache), from, decision, clock.now().getTime());
	await tx.cache.updateMany({
		where: { id: cache.id },
		data: { recentScaling: { ...recent } },
	});
	await tx.scalingDecision.create({
		data: {
			...{ id: randomUUID(), cacheId: cache.id, at: clock.now(), trigger, reason },
			fromMemoryBytes: BigInt(from.shardBytes * from.shards),
			fromShards: from.shards,
			toMemoryBytes: BigInt(to.shardBytes * to.shards),
			toShards: to.shards,
		},
	});
	await recordEvent(tx, clock, {
		severity: "info",
		type: "cache.scaling",
		message: `Cache ${cache.name} changes from ${describe(cache, from)} to ${describe(cache, to)}. ${reason}`,
		cacheName: cache.name,
	});
}

function describe(cache: FullCache, { shardBytes, shards }: ShardCapacity): string {
	const size = formatGib(shardBytes * shards);
	return shards === 1 ? size : `${size} in ${shards} ${partsOf(protocolOf(cache)).name}s`;
}
