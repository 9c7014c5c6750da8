import { randomUUID } from "node:crypto";
import { FULL_CACHE, type FullCache, toCacheModel } from "../../data/cache-mapping.ts";
import { writeInCharge } from "../../data/charge.ts";
import type { Transaction } from "../../data/database.ts";
import { lockCaches } from "../../data/row-locks.ts";
import {
	type FullSnapshot,
	orderId,
	type SnapshotShardRow,
	shardKey,
} from "../../data/snapshot-view.ts";
import type { CacheModel, NodeModel } from "../../domain/cache/model.ts";
import { chooseSource, obstacleOf } from "../../domain/snapshot/choose-source.ts";
import { diskFull, followShard, type ShardStep } from "../../domain/snapshot/follow-shard.ts";
import { bumpHosts, wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import { describeSource } from "../../services/snapshots/snapshot-source.ts";
import { openTransfer } from "../../services/stores/open-transfer.ts";
import { completeSnapshot } from "./complete-snapshot.ts";
import { failSnapshot } from "./fail-snapshot.ts";
import { noteReason } from "./note-reason.ts";

/** How often one shard is tried, and how long nothing may happen, before the snapshot fails. */
const ATTEMPTS = 3;
const PATIENCE_MS = 60 * 60_000;

/** One look at a snapshot that is being taken. */
export async function takeSnapshot(resources: Resources, row: FullSnapshot): Promise<void> {
	const cache =
		row.cacheId === null
			? null
			: await resources.db.cache.findUnique({ where: { id: row.cacheId }, include: FULL_CACHE });
	if (cache === null || cache.deletingAt !== null) {
		return await failSnapshot(resources, row, `Cache ${row.cacheName} was deleted meanwhile.`);
	}
	const idleMs = resources.clock.now().getTime() - row.progressAt.getTime();
	if (idleMs > PATIENCE_MS) {
		const cause = row.statusReason ?? "Nothing has happened.";
		return await failSnapshot(resources, row, `It made no progress for an hour. ${cause}`);
	}
	const model = toCacheModel(cache, resources);
	// It doesn't sleep until then. A change to cluster mode uses the same stages, and isn't to be hurried.
	if (model.elastic !== null && model.modeChange === null) {
		const now = resources.clock.now().getTime();
		resources.fleet.elastic.need(cache.id, `snapshot ${row.name} is taken of it`, now);
	}
	if (row.shards.length === 0) return await begin(resources, row, cache, model);
	await follow(resources, row, cache, model, idleMs);
}

/** Tells the hosts of one node per shard to copy it, all at the same time. */
async function begin(
	resources: Resources,
	row: FullSnapshot,
	cache: FullCache,
	model: CacheModel,
): Promise<void> {
	const obstacle = obstacleOf(model);
	if (obstacle !== null) {
		resources.wakeCache(cache.id);
		return await noteReason(resources, row, obstacle);
	}
	const waitedMs = resources.clock.now().getTime() - row.createdAt.getTime();
	const sources: NodeModel[] = [];
	for (const shard of model.shards) {
		const source = chooseSource(shard, waitedMs, fullHosts(resources, shard));
		if ("reason" in source) return await noteReason(resources, row, source.reason);
		const { host } = source.node;
		if (isFull(resources, host)) return await noteReason(resources, row, diskFull(host.name));
		sources.push(source.node);
	}
	const hostIds = await writeInCharge(resources, async (tx) => {
		const told = await bumpHosts(
			tx,
			sources.map(({ host }) => host.id),
		);
		await lockCaches(tx, [cache.id]);
		// While slots move, a key could be in two shards or in none.
		const moving = await tx.operation.count({ where: { cacheId: cache.id, endedAt: null } });
		const { status } = await tx.snapshot.findUniqueOrThrow({ where: { id: row.id } });
		if (moving > 0 || status !== "creating") return [];
		for (const [position, node] of sources.entries()) {
			const shard = cache.shards[position];
			if (shard === undefined) continue;
			const created = {
				...{ id: randomUUID(), snapshotId: row.id, index: position, attempt: 0 },
				...{ slots: shard.slots, key: shardKey(row.id, position, 0) },
			};
			await tx.snapshotShard.create({ data: created });
			await order(resources, tx, row, created, node);
		}
		const source = await describeSource(resources, tx, cache);
		const progressAt = resources.clock.now();
		await tx.snapshot.update({
			where: { id: row.id },
			data: { source, statusReason: null, progressAt },
		});
		return [...told.keys()];
	});
	wakeHosts(resources, hostIds);
}

/** The host may put the shard's file where this attempt belongs. */
async function order(
	resources: Resources,
	tx: Transaction,
	{ storeId }: FullSnapshot,
	shard: { id: string; key: string },
	node: NodeModel,
): Promise<void> {
	const { id: transferId } = await openTransfer(tx, resources.clock, {
		...{ direction: "put", hostId: node.host.id, storeId, key: shard.key },
	});
	await tx.snapshotShard.update({
		where: { id: shard.id },
		data: { nodeId: node.id, transferId, key: shard.key },
	});
}

async function follow(
	resources: Resources,
	row: FullSnapshot,
	cache: FullCache,
	model: CacheModel,
	idleMs: number,
): Promise<void> {
	const transfers = await resources.db.transfer.findMany({
		where: { id: { in: row.shards.flatMap(({ transferId }) => transferId ?? []) } },
	});
	const steps = new Map<SnapshotShardRow, ShardStep>();
	for (const shard of row.shards) {
		if (shard.sha256 !== null) continue;
		const transfer = transfers.find(({ id }) => id === shard.transferId);
		const node = model.shards.flatMap(({ nodes }) => nodes).find(({ id }) => id === shard.nodeId);
		const step = followShard({
			...{ orderId: orderId(shard), node: node ?? null, idleMs },
			stored:
				transfer === undefined || transfer.finishedAt === null || transfer.sha256 === null
					? null
					: { bytes: Number(transfer.bytes), sha256: transfer.sha256 },
			isDiskFull: node !== undefined && isFull(resources, node.host),
			storeProblem: transfer?.error ?? null,
			expectedBytes:
				node === undefined ? 0 : (resources.fleet.metrics(node.id)?.memoryUsedBytes ?? 0),
		});
		if (step.kind === "again") {
			if (!(await tryAgain(resources, row, cache, model, shard, step.reason))) return;
			continue;
		}
		steps.set(shard, step);
	}
	await recordSteps(resources, row, cache, steps);
	const isComplete = row.shards.every(
		(shard) => shard.sha256 !== null || steps.get(shard)?.kind === "done",
	);
	if (isComplete) return await completeSnapshot(resources, row.id);
	const waits = [...steps.values()].filter((step) => step.kind === "wait");
	const done = row.shards.length - waits.length;
	const share = waits.reduce((sum, step) => sum + step.share, done) / row.shards.length;
	const reason = waits.find((step) => step.reason !== null)?.reason ?? null;
	await noteReason(resources, row, reason, 100 * share);
}

/** Stores what has been reached; once the data of every shard is fixed, slots may move again. */
async function recordSteps(
	resources: Resources,
	row: FullSnapshot,
	cache: FullCache,
	steps: ReadonlyMap<SnapshotShardRow, ShardStep>,
): Promise<void> {
	const begun = [...steps].filter(
		([{ takenAt }, step]) =>
			takenAt === null && (step.kind === "done" || (step.kind === "wait" && step.began)),
	);
	const done = [...steps].flatMap(([shard, step]) =>
		step.kind === "done" ? [{ shard, step }] : [],
	);
	if (begun.length === 0 && done.length === 0) return;
	const now = resources.clock.now();
	const isFixed = row.shards.every(
		(shard) => shard.takenAt !== null || begun.some(([each]) => each === shard),
	);
	const told = new Set(done.flatMap(({ shard }) => shard.nodeId ?? []));
	if (isFixed && cache.operations.length > 0) {
		for (const { primaryNodeId } of cache.shards)
			if (primaryNodeId !== null) told.add(primaryNodeId);
	}
	const hostIds = await writeInCharge(resources, async (tx) => {
		const nodes = await tx.node.findMany({
			where: { id: { in: [...told] } },
			select: { hostId: true },
		});
		const hosts = await bumpHosts(
			tx,
			nodes.map(({ hostId }) => hostId),
		);
		for (const [{ id }] of begun) {
			await tx.snapshotShard.updateMany({ where: { id, takenAt: null }, data: { takenAt: now } });
		}
		for (const { shard, step } of done) {
			await tx.snapshotShard.updateMany({
				where: { id: shard.id, attempt: shard.attempt },
				data: {
					...{ bytes: BigInt(step.bytes), sha256: step.sha256, content: step.content },
					...{ keys: BigInt(step.content.keys), nodeId: null, transferId: null },
				},
			});
			await tx.transfer.deleteMany({ where: { id: shard.transferId ?? "" } });
		}
		await tx.snapshot.updateMany({ where: { id: row.id }, data: { progressAt: now } });
		return [...hosts.keys()];
	});
	wakeHosts(resources, hostIds);
}

/** Copies another node of the shard, or the same again. False if the snapshot has failed. */
async function tryAgain(
	resources: Resources,
	row: FullSnapshot,
	cache: FullCache,
	model: CacheModel,
	shard: SnapshotShardRow,
	reason: string,
): Promise<boolean> {
	const attempt = shard.attempt + 1;
	if (attempt >= ATTEMPTS) {
		await failSnapshot(resources, row, `${reason} Larder has tried ${ATTEMPTS} times.`);
		return false;
	}
	const members = model.shards[shard.index];
	const former = members?.nodes.find(({ id }) => id === shard.nodeId);
	const avoid = new Set(former === undefined ? [] : [former.host.id]);
	const waitedMs = resources.clock.now().getTime() - row.createdAt.getTime();
	const source =
		members === undefined || members.slots !== shard.slots
			? { reason: "The shards of the cache have changed." }
			: chooseSource(members, waitedMs, new Set([...avoid, ...fullHosts(resources, members)]));
	if ("reason" in source) {
		await noteReason(resources, row, `${reason} ${source.reason}`);
		return true;
	}
	const hostIds = await writeInCharge(resources, async (tx) => {
		const told = await bumpHosts(tx, [source.node.host.id, ...avoid]);
		await lockCaches(tx, [cache.id]);
		const key = shardKey(row.id, shard.index, attempt);
		const { count } = await tx.snapshotShard.updateMany({
			where: { id: shard.id, attempt: shard.attempt, sha256: null },
			data: { attempt, takenAt: null },
		});
		if (count === 0) return [];
		await tx.transfer.deleteMany({ where: { id: shard.transferId ?? "" } });
		await order(resources, tx, row, { id: shard.id, key }, source.node);
		const progressAt = resources.clock.now();
		await tx.snapshot.updateMany({
			where: { id: row.id },
			data: { progressAt, statusReason: reason },
		});
		return [...told.keys()];
	});
	wakeHosts(resources, hostIds);
	return true;
}

/** According to its agent, which can't keep what it is told then. */
function isFull({ fleet }: Resources, host: Pick<NodeModel["host"], "id">): boolean {
	return fleet.warnings.of(host.id).some(({ code }) => code === "disk-full");
}

function fullHosts(resources: Resources, { nodes }: CacheModel["shards"][number]): Set<string> {
	const full = nodes.filter(({ host }) => isFull(resources, host));
	return new Set(full.map(({ host }) => host.id));
}
