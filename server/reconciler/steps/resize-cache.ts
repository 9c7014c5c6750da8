import {
	FULL_CACHE,
	type FullCache,
	type FullNode,
	toCacheModel,
} from "../../data/cache-mapping.ts";
import { writeInCharge } from "../../data/charge.ts";
import type { Prisma, Transaction } from "../../data/database.ts";
import { type NewEvent, recordEvent } from "../../data/record-event.ts";
import type { PlanAction } from "../../domain/cache/model.ts";
import { lacksOf } from "../../domain/cache/plan-size.ts";
import type { Placement } from "../../domain/placement/place-nodes.ts";
import { bumpRoutes, wakeGateways, wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import { chooseNewPlaces } from "../../services/new-places.ts";
import { type NodeColumns, nodeColumns } from "../../services/node-columns.ts";
import { rerouteCaches } from "../../services/route-hosts.ts";
import {
	affectedNodes,
	findMember,
	membersOf,
	raiseGenerations,
	type ShardRows,
	setPrimaryPolicy,
} from "./membership.ts";
import { exitPolicy, newNode, nodeName } from "./new-node.ts";

type AddNodes = Extract<PlanAction, { kind: "add-nodes" }>;
type ChangeMembership = Extract<PlanAction, { kind: "join-node" | "leave-node" | "keep-node" }>;

/**
 * Adds the nodes that the shards lack: replicas of the primaries, or for Memcached independent nodes. All of
 * them or none: returns the reason if they don't all fit. Placements run one at a time, as in `placeCache`.
 */
export async function addNodes(
	resources: Resources,
	{ id }: FullCache,
	{ shards: asked }: AddNodes,
): Promise<string | null> {
	const outcome = await writeInCharge(resources, async (tx) => {
		// The cache as the pass has read it may be out of date: planned twice, it is still done once.
		const cache = await tx.cache.findUniqueOrThrow({ where: { id }, include: FULL_CACHE });
		const present = lacksOf(toCacheModel(cache, resources));
		const lacks = cache.shards.map(({ id: shardId }, index) => {
			const count = asked.find((each) => each.shardId === shardId)?.count ?? 0;
			return Math.min(count, present[index] ?? 0);
		});
		const result = await chooseNewPlaces(resources, tx, cache, lacks);
		if (!result.ok) return { reason: result.reason, hostIds: [] };
		const size = await nodeColumns(tx, cache);
		const growing = cache.shards.flatMap((shard, index) => {
			const places = result.shards[index] ?? [];
			return places.length === 0 ? [] : [{ shard, places }];
		});
		const affected = new Set(growing.flatMap(({ shard }) => affectedNodes(cache, shard)));
		const hostIds = result.shards.flat().map(({ hostId }) => hostId);
		const revisions = await raiseGenerations(tx, [id], [...affected], hostIds);
		for (const { shard, places } of growing) {
			await createNodes(resources, tx, cache, shard, places, size);
			await setPrimaryPolicy(tx, shard.id);
		}
		await rerouteCaches(tx, [cache.id]);
		return { reason: null, hostIds: [...revisions.keys()] };
	});
	wakeHosts(resources, outcome.hostIds);
	if (outcome.reason === null) wakeGateways(resources);
	return outcome.reason;
}

async function createNodes(
	resources: Resources,
	tx: Transaction,
	cache: FullCache,
	shard: ShardRows,
	places: readonly Placement[],
	size: NodeColumns,
): Promise<void> {
	let number = await lastNumber(tx, shard);
	let { primaryNodeId } = shard;
	for (const place of places) {
		const name = nodeName(cache, shard.index, number, number);
		number += 1;
		const node = newNode(shard, name, place, size);
		// The first node of a new shard leads it, and has nothing to catch up with.
		const leads = primaryNodeId === null && cache.engine !== "memcached";
		if (leads) primaryNodeId = node.id;
		await tx.node.create({
			data: {
				...node,
				followsNodeId: leads ? null : primaryNodeId,
				onExit: exitPolicy(leads, 2),
				joining: !leads,
			},
		});
		if (leads) await tx.shard.update({ where: { id: shard.id }, data: { primaryNodeId } });
		const { name: host } = await tx.host.findUniqueOrThrow({ where: { id: place.hostId } });
		await recordEvent(tx, resources.clock, {
			severity: "info",
			type: "node.adding",
			message: `${name} is being added to ${cache.name} on ${host}.`,
			cacheName: cache.name,
			nodeName: name,
			hostName: host,
		});
	}
}

/** The highest number in names of nodes that the shard has, or whose metrics are still kept. */
async function lastNumber(tx: Transaction, shard: ShardRows): Promise<number> {
	const departed = await tx.departedNode.findMany({
		where: { cacheId: shard.cacheId, shardIndex: shard.index },
		select: { name: true },
	});
	const numbers = [...shard.nodes, ...departed].map(({ name }) => Number(name.split("-").at(-1)));
	return Math.max(0, ...numbers);
}

/** Makes a node count, stop counting, or count again; readers are routed to nodes that count. */
export async function changeMembership(
	resources: Resources,
	cache: FullCache,
	{ kind, nodeId }: ChangeMembership,
): Promise<void> {
	const found = findMember(cache, nodeId);
	if (found === null) return;
	const { shard, node } = found;
	const affected = membersOf(shard);
	const { where, data, event } = changeOf(resources, cache, shard, node, kind);
	await writeInCharge(resources, async (tx) => {
		// How many replicas must acknowledge a write depends on how many count.
		await raiseGenerations(tx, [cache.id], affected);
		const { count } = await tx.node.updateMany({
			where: { ...where, id: nodeId, removedAtRevision: null },
			data,
		});
		if (count === 0) return;
		await bumpRoutes(tx, [cache.id]);
		await recordEvent(tx, resources.clock, {
			...event,
			severity: "info",
			cacheName: cache.name,
			nodeName: node.name,
			hostName: node.host.name,
		});
	});
	wakeHosts(resources, new Set(affected.map(({ hostId }) => hostId)));
	wakeGateways(resources);
}

interface Change {
	/** What must still be so. */
	where: Prisma.NodeWhereInput;
	data: Prisma.NodeUpdateManyMutationInput;
	event: Pick<NewEvent, "type" | "message">;
}

function changeOf(
	{ clock }: Resources,
	cache: FullCache,
	shard: ShardRows,
	{ name, host }: FullNode,
	kind: ChangeMembership["kind"],
): Change {
	switch (kind) {
		case "join-node":
			return {
				where: { joining: true },
				data: { joining: false },
				event: { type: "node.added", message: `${name} on ${host.name} now serves ${cache.name}.` },
			};
		case "leave-node":
			return {
				where: { leavingAt: null, NOT: { id: shard.primaryNodeId ?? "" } },
				data: { leavingAt: clock.now() },
				event: {
					type: "node.leaving",
					message: `${name} on ${host.name} is leaving ${cache.name}; endpoints no longer route clients to it.`,
				},
			};
		case "keep-node":
			return {
				where: { leavingAt: { not: null } },
				data: { leavingAt: null },
				event: { type: "node.kept", message: `${name} on ${host.name} stays in ${cache.name}.` },
			};
	}
}
