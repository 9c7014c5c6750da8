import type { FullCache, FullNode } from "../../data/cache-mapping.ts";
import { writeInCharge } from "../../data/charge.ts";
import type { Transaction } from "../../data/database.ts";
import { recordEvent } from "../../data/record-event.ts";
import type { PlanAction } from "../../domain/cache/model.ts";
import { wakeGateways, wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import { dataMisfit } from "../../services/data-fit.ts";
import { nodeColumns } from "../../services/node-columns.ts";
import { rerouteCaches } from "../../services/route-hosts.ts";
import { placeSuccessor } from "../../services/successor-place.ts";
import { NO_FAILOVER } from "./change-nodes.ts";
import {
	affectedNodes,
	findMember,
	membersOf,
	raiseGenerations,
	type ShardRows,
	setPrimaryPolicy,
} from "./membership.ts";
import { exitPolicy, newNode } from "./new-node.ts";
import { discoverInstead, takeOut } from "./retire-node.ts";

type Replacement = Extract<PlanAction, { kind: "add-replacement" }>;

/**
 * Adds a node that will replace another: a replica of the primary, or for Memcached an independent node. If no node
 * holds the data any more (`empty`) it becomes the shard's primary at once, and the other is removed in the same
 * transaction. Returns the reason if no host can take it, or if the data doesn't fit. Placements run one at a time, as
 * in `placeCache`.
 */
export async function addReplacement(
	resources: Resources,
	cache: FullCache,
	action: Replacement,
): Promise<string | null> {
	const { nodeId, empty } = action;
	const found = findMember(cache, nodeId);
	if (found === null) return null;
	const { shard, node } = found;
	const outcome = await writeInCharge(resources, async (tx) => {
		// The cache as it was read may be out of date: planned twice, it is still done once.
		const settled = await tx.node.count({
			where: {
				OR: [
					{ replacesNodeId: nodeId, removedAtRevision: null },
					{ id: nodeId, removedAtRevision: { not: null } },
				],
			},
		});
		const exists = await tx.node.count({ where: { id: nodeId } });
		if (settled > 0 || exists === 0) return { reason: null, hostIds: [] };
		const columns = await nodeColumns(tx, cache);
		const place = await placeSuccessor(resources, tx, cache, node, {
			size: columns,
			only: action.hostIds,
			hasEnded: troubleOf(resources, node) !== null,
		});
		if (!place.ok) {
			const reason = `${place.reason} ${place.remedy} The move then continues.`;
			return { reason, hostIds: [] };
		}
		// It copies the primary's data. A dead primary whose data isn't known must not hold it up.
		const source = membersOf(shard).find(({ id }) => id === shard.primaryNodeId);
		const isKnown = source !== undefined && resources.fleet.metrics(source.id) !== null;
		const misfit = isKnown && !empty ? dataMisfit(resources, source, columns) : null;
		if (misfit !== null) return { reason: misfit, hostIds: [] };
		const affected = affectedNodes(cache, shard).filter((each) => !empty || each.id !== node.id);
		const revisions = await raiseGenerations(tx, [cache.id], affected, [place.hostId, node.hostId]);
		if (empty) {
			await takeOut(resources, tx, cache, node, revisions.get(node.hostId) ?? 0);
			await discoverInstead(tx, cache, nodeId, null);
		}
		const added = newNode(shard, node.name, place, columns);
		await tx.node.create({
			data: {
				...added,
				followsNodeId: empty ? null : shard.primaryNodeId,
				onExit: exitPolicy(empty, membersOf(shard).length),
				// It takes over a pending move of the other node.
				replacesNodeId: empty ? node.replacesNodeId : nodeId,
				placedByHand: node.moveToHostId !== null || node.moveToZone !== null,
			},
		});
		if (empty) await letLead(tx, shard, added.id);
		else await setPrimaryPolicy(tx, shard.id);
		await rerouteCaches(tx, [cache.id]);
		const { name } = await tx.host.findUniqueOrThrow({ where: { id: place.hostId } });
		await recordEvent(tx, resources.clock, {
			severity: empty ? "error" : "info",
			type: empty ? "node.started-empty" : "node.moving",
			message: empty
				? `${node.name} starts empty on ${name}: ${causeOf(resources, node, action)}, and no other node holds its data.`
				: `${node.name} will ${node.host.name === name ? `be replaced on ${name}` : `move from ${node.host.name} to ${name}`}: ${causeOf(resources, node, action)}.`,
			cacheName: cache.name,
			nodeName: node.name,
			hostName: name,
		});
		return { reason: null, hostIds: [...revisions.keys()] };
	});
	if (outcome.hostIds.length > 0) {
		wakeHosts(resources, outcome.hostIds);
		wakeGateways(resources);
	}
	return outcome.reason;
}

/** Makes the node the shard's primary, and all others follow it. */
async function letLead(tx: Transaction, shard: ShardRows, nodeId: string): Promise<void> {
	await tx.shard.update({
		where: { id: shard.id },
		data: { primaryNodeId: nodeId, ...NO_FAILOVER },
	});
	await tx.node.updateMany({
		where: { shardId: shard.id, removedAtRevision: null, id: { not: nodeId } },
		data: { followsNodeId: nodeId, onExit: exitPolicy(false, shard.nodes.length) },
	});
}

/** Why it can't recover where it is; null if it can. */
function troubleOf({ fleet }: Resources, node: FullNode): string | null {
	switch (fleet.observation(node.id, node.observation)?.reason?.code) {
		case "identity-lost":
			return "its files are gone or damaged";
		case "keeps-ending":
			return "its engine keeps exiting within seconds of starting";
		default:
			return null;
	}
}

function causeOf(resources: Resources, node: FullNode, { reason }: Replacement): string {
	const { host } = node;
	if (host.lossConfirmed) return `host ${host.name} won't come back`;
	if (host.lostAt !== null) return `host ${host.name} is lost`;
	const trouble = troubleOf(resources, node);
	if (trouble !== null) return trouble;
	if (host.drainRequestedAt !== null) return `host ${host.name} is being drained`;
	return reason;
}
