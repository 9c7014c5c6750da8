import type { FullCache } from "../../data/cache-mapping.ts";
import { writeInCharge } from "../../data/charge.ts";
import { Prisma, type Transaction } from "../../data/database.ts";
import { recordEvent } from "../../data/record-event.ts";
import { type Restore, restoreOf } from "../../data/restore-column.ts";
import { lockCaches } from "../../data/row-locks.ts";
import { bumpHosts, wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import { openTransfer } from "../../services/stores/open-transfer.ts";

/** Lets the host of the shard's primary fetch what the primary must load, and no other host any longer. */
export async function prepareRestore(
	resources: Resources,
	cache: FullCache,
	shardId: string,
): Promise<void> {
	const hostIds = await writeInCharge(resources, async (tx) => {
		const seen = primaryHostOf(cache, shardId);
		const told = await bumpHosts(tx, seen === null ? [] : [seen]);
		await lockCaches(tx, [cache.id]);
		const shard = await tx.shard.findUniqueOrThrow({
			where: { id: shardId },
			include: { nodes: true },
		});
		const restore = restoreOf(shard);
		const hostId = shard.nodes.find(({ id }) => id === shard.primaryNodeId)?.hostId;
		// If another node leads meanwhile, the next pass plans this again.
		if (restore === null || hostId === undefined || hostId !== seen) return [];
		if (restore.fetching?.hostId === hostId) return [];
		await endTransfers(tx, restore);
		const transferIds: string[] = [];
		for (const { key, bytes, sha256 } of restore.files) {
			const { id } = await openTransfer(tx, resources.clock, {
				...{ direction: "get", hostId, storeId: restore.storeId, key, bytes, sha256 },
			});
			transferIds.push(id);
		}
		const next: Restore = { ...restore, fetching: { hostId, transferIds } };
		await tx.shard.update({ where: { id: shardId }, data: { restore: next } });
		return [...told.keys()];
	});
	wakeHosts(resources, hostIds);
}

/** All data has arrived: from here on the cache is one like any other. */
export async function finishRestore(resources: Resources, cache: FullCache): Promise<void> {
	const hostIds = await writeInCharge(resources, async (tx) => {
		const hosts = cache.shards.flatMap(({ id }) => primaryHostOf(cache, id) ?? []);
		const told = await bumpHosts(tx, hosts);
		await lockCaches(tx, [cache.id]);
		const shards = await tx.shard.findMany({ where: { cacheId: cache.id } });
		const restores = shards.flatMap((shard) => restoreOf(shard) ?? []);
		const [first] = restores;
		if (first === undefined) return [];
		for (const restore of restores) await endTransfers(tx, restore);
		await tx.shard.updateMany({ where: { cacheId: cache.id }, data: { restore: Prisma.DbNull } });
		await recordEvent(tx, resources.clock, {
			...{ severity: "info", type: "cache.restored", cacheName: cache.name },
			message: `Cache ${cache.name} has loaded the ${first.totalKeys} keys of snapshot ${first.snapshotName}.`,
		});
		return [...told.keys()];
	});
	wakeHosts(resources, hostIds);
}

function primaryHostOf(cache: FullCache, shardId: string): string | null {
	const shard = cache.shards.find(({ id }) => id === shardId);
	return shard?.nodes.find(({ id }) => id === shard.primaryNodeId)?.hostId ?? null;
}

async function endTransfers(tx: Transaction, { fetching }: Restore): Promise<void> {
	await tx.transfer.deleteMany({ where: { id: { in: fetching?.transferIds ?? [] } } });
}
