import { FULL_CACHE, type FullCache, type FullNode } from "../../data/cache-mapping.ts";
import { writeInCharge } from "../../data/charge.ts";
import type { Transaction } from "../../data/database.ts";
import { recordEvent } from "../../data/record-event.ts";
import { lockCaches } from "../../data/row-locks.ts";
import type { OperationStep } from "../../domain/cache/model.ts";
import { operationCursorSchema } from "../../domain/operation/operation.ts";
import { wakeGateways, wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import { rerouteCaches } from "../../services/route-hosts.ts";
import { membersOf, raiseGenerations, type ShardRows } from "./membership.ts";
import { takeOut } from "./retire-node.ts";

/**
 * Records one step of an operation: slots that have moved, the cursor, shards that leave, and the end. All in one
 * transaction, and only if the operation is where the plan saw it, so a step that is planned twice is done once.
 */
export async function advanceOperation(
	resources: Resources,
	{ id }: FullCache,
	step: OperationStep,
): Promise<void> {
	const now = resources.clock.now();
	const hostIds = await writeInCharge(resources, async (tx) => {
		const read = await tx.cache.findUniqueOrThrow({ where: { id }, include: FULL_CACHE });
		const isLeaving = (shard: ShardRows) => step.remove.includes(shard.id);
		const changesAssignments =
			step.remove.length > 0 ||
			step.cursor.phase !== step.from.phase ||
			step.cursor.round !== step.from.round ||
			step.cursor.held !== step.from.held;
		const staying = read.shards.filter((shard) => !isLeaving(shard)).flatMap(membersOf);
		const going = read.shards.filter(isLeaving).flatMap(membersOf);
		const revisions = changesAssignments
			? await raiseGenerations(
					tx,
					[id],
					staying,
					going.map(({ hostId }) => hostId),
				)
			: new Map<string, number>();
		await lockCaches(tx, [id]);
		const cache = await tx.cache.findUniqueOrThrow({ where: { id }, include: FULL_CACHE });
		const [operation] = cache.operations;
		if (operation?.id !== step.operationId || !isAt(operation.cursor, step.from)) return [];
		for (const [shardId, slots] of Object.entries(step.slots)) {
			await tx.shard.updateMany({ where: { id: shardId, cacheId: id }, data: { slots } });
		}
		const heir = cache.shards.find((shard) => !isLeaving(shard));
		for (const shard of cache.shards.filter(isLeaving)) {
			await removeShard(resources, tx, cache, shard, heir, revisions);
		}
		await tx.operation.update({
			where: { id: operation.id },
			data: {
				...{ cursor: step.cursor, error: step.error, updatedAt: now },
				...(step.outcome !== null && { state: step.outcome, endedAt: now }),
			},
		});
		for (const event of step.events) {
			await recordEvent(tx, resources.clock, { ...event, cacheName: cache.name });
		}
		if (going.length > 0) await rerouteCaches(tx, [id]);
		return [...revisions.keys()];
	});
	wakeHosts(resources, hostIds);
	if (step.remove.length > 0) wakeGateways(resources);
}

/** Since the plan was made, another pass may have advanced the cursor, or a cancellation set it back. */
function isAt(cursor: unknown, from: OperationStep["from"]): boolean {
	return JSON.stringify(operationCursorSchema.parse(cursor)) === JSON.stringify(from);
}

/** Stops all of its nodes. Until their hosts confirm that, another shard keeps the rows without counting them. */
async function removeShard(
	resources: Resources,
	tx: Transaction,
	cache: FullCache,
	shard: ShardRows,
	heir: ShardRows | undefined,
	revisions: ReadonlyMap<string, number>,
): Promise<void> {
	const nodes: FullNode[] = membersOf(shard);
	for (const node of nodes) {
		await takeOut(resources, tx, cache, node, revisions.get(node.hostId) ?? 0);
		await recordEvent(tx, resources.clock, {
			...{ severity: "info", type: "node.removed", cacheName: cache.name },
			...{ nodeName: node.name, hostName: node.host.name },
			message: `${node.name} was removed from ${cache.name} with its empty shard; it was on ${node.host.name}.`,
		});
	}
	if (heir !== undefined) {
		await tx.node.updateMany({ where: { shardId: shard.id }, data: { shardId: heir.id } });
	}
	await tx.shard.delete({ where: { id: shard.id } });
}
