import {
	allNodeRows,
	type FullCache,
	type FullNode,
	zonesColumn,
} from "../../data/cache-mapping.ts";
import { writeInCharge } from "../../data/charge.ts";
import type { Transaction } from "../../data/database.ts";
import { setMoveProblem } from "../../data/fleet-room.ts";
import { recordEvent } from "../../data/record-event.ts";
import type { PlanAction } from "../../domain/cache/model.ts";
import { cantLeave } from "../../domain/cache/node-label.ts";
import {
	placeReplacement,
	type ReplacementResult,
} from "../../domain/placement/place-replacement.ts";
import { wakeGateways, wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import { placementHosts } from "../../services/placement-hosts.ts";
import { rerouteCaches } from "../../services/route-hosts.ts";
import {
	findMember,
	membersOf,
	type ShardRows,
	setPrimaryPolicy,
	tell,
	toldOf,
} from "./membership.ts";
import { exitPolicy, newNode } from "./new-node.ts";
import { discoverInstead, takeOut } from "./retire-node.ts";

type Replacement = Extract<PlanAction, { kind: "add-replacement" }>;

/**
 * Adds a node that will replace another: a replica of the primary, or for Memcached an independent node. If
 * no node holds the data any more (`empty`) it is the shard's primary at once, and the other is removed in
 * the same transaction. Returns the reason if no host can have it. Placements run one at a time, as in
 * `placeCache`.
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
		const place = await choosePlace(resources, tx, cache, shard, node, action.hostIds);
		if (!place.ok) {
			const reason = `${place.reason} ${place.remedy} The move then continues.`;
			return { reason, hostIds: [] };
		}
		const told = toldOf(cache, shard).filter((each) => !empty || each.id !== node.id);
		const revisions = await tell(tx, cache.id, told, [place.hostId, node.hostId]);
		if (empty) {
			await takeOut(resources, tx, cache, node, revisions.get(node.hostId) ?? 0);
			await discoverInstead(tx, cache, nodeId, null);
		}
		const added = newNode(shard, node.name, place, node);
		await tx.node.create({
			data: {
				...added,
				followsNodeId: empty ? null : shard.primaryNodeId,
				onExit: exitPolicy(empty, membersOf(shard).length),
				// It takes over a pending move of the other node.
				replacesNodeId: empty ? node.replacesNodeId : nodeId,
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
	await noteProblem(resources, cache, node, outcome.reason, action.optional);
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
		data: { primaryNodeId: nodeId, failoverRequestedAt: null, failoverToNodeId: null },
	});
	await tx.node.updateMany({
		where: { shardId: shard.id, removedAtRevision: null, id: { not: nodeId } },
		data: { followsNodeId: nodeId, onExit: exitPolicy(false, shard.nodes.length) },
	});
}

async function choosePlace(
	resources: Resources,
	tx: Transaction,
	cache: FullCache,
	shard: ShardRows,
	node: FullNode,
	only: readonly string[] | null,
): Promise<ReplacementResult> {
	const hosts = await placementHosts(resources, tx);
	const rows = allNodeRows(cache);
	const replaced = new Set([node.id, ...rows.map((each) => each.replacesNodeId)]);
	const ended = troubleOf(resources, node) !== null;
	return placeReplacement({
		hosts: hosts.map((host) =>
			// The room that it had there is free: it can't be started again.
			ended && host.id === node.hostId
				? {
						...host,
						freeMemoryBytes: host.freeMemoryBytes + Number(node.memoryBytes),
						freeCpuMillis: host.freeCpuMillis + node.cpuMillis,
					}
				: host,
		),
		members: cache.shards.map((each) =>
			membersOf(each)
				.filter(({ id }) => !replaced.has(id))
				.map(({ id, hostId, host }) => ({
					hostId,
					zone: host.zone,
					leads: id === each.primaryNodeId,
				})),
		),
		shard: cache.shards.indexOf(shard),
		from: { hostId: node.hostId, zone: node.host.zone },
		// It may have to go after all, because the situation has changed since the action was planned.
		only: ended || isLeaving(node) ? null : only,
		nodeMemoryBytes: Number(node.memoryBytes),
		nodeCpuMillis: node.cpuMillis,
		zones: zonesColumn.parse(cache.zones),
		portRange: resources.nodePorts,
	});
}

/** Why it can't recover where it is; null if it can. */
function troubleOf({ fleet }: Resources, node: FullNode): string | null {
	switch (fleet.observation(node.id, node.observation)?.reason?.code) {
		case "identity-lost":
			return "its files are gone or damaged";
		case "keeps-ending":
			return "it keeps ending within seconds of its start";
		default:
			return null;
	}
}

function isLeaving({ host }: FullNode): boolean {
	return host.drainRequestedAt !== null || host.lostAt !== null || host.lossConfirmed;
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

/** Kept for views and plans, and reported once. It isn't news if a node stays that may stay. */
async function noteProblem(
	resources: Resources,
	cache: FullCache,
	node: FullNode,
	reason: string | null,
	optional: boolean,
): Promise<void> {
	if (!setMoveProblem(resources.fleet, node.id, reason) || reason === null || optional) return;
	await writeInCharge(resources, (tx) =>
		recordEvent(tx, resources.clock, {
			severity: "warning",
			type: "node.move-waiting",
			message: cantLeave(node.name, node.host.name, reason),
			cacheName: cache.name,
			nodeName: node.name,
			hostName: node.host.name,
		}),
	);
}
