import { randomBytes, randomUUID } from "node:crypto";
import {
	allNodeRows,
	type FullCache,
	type FullNode,
	zonesColumn,
} from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { setMoveProblem } from "../../data/fleet-room.ts";
import { recordEvent } from "../../data/record-event.ts";
import {
	placeReplacement,
	type ReplacementResult,
} from "../../domain/placement/place-replacement.ts";
import { bumpHosts, bumpRoutes, wakeGateways, wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import { noteFormerNode } from "../../services/former-nodes.ts";
import { keepPorts } from "./assign-ports.ts";
import { exitPolicy, placementHosts } from "./place-cache.ts";

type Shard = FullCache["shards"][number];

/**
 * Adds a node that is to take the place of another: a replica of whoever leads, or for Memcached one of its own. Where
 * nobody holds the data any more (`empty`) it is the shard's primary at once, and the other is taken out in the same
 * transaction. Returns the reason when no host can have it. Placements run one at a time, as in `placeCache`.
 */
export async function addReplacement(
	resources: Resources,
	cache: FullCache,
	nodeId: string,
	empty: boolean,
): Promise<string | null> {
	const found = findMember(cache, nodeId);
	if (found === null) return null;
	const { shard, node } = found;
	const outcome = await resources.db.$transaction(async (tx) => {
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
		const place = await choosePlace(resources, tx, cache, shard, node);
		if (!place.ok) return { reason: place.reason, hostIds: [] };
		const id = randomUUID();
		const members = membersOf(shard);
		const told = toldOf(cache, shard).filter((each) => !empty || each.id !== node.id);
		const hostIds = [...told.map((each) => each.hostId), place.hostId, node.hostId];
		const revisions = await bumpHosts(tx, hostIds);
		if (empty) await takeOut(resources, tx, cache, node, revisions.get(node.hostId) ?? 0);
		await tx.node.create({
			data: {
				id,
				cacheId: cache.id,
				shardId: shard.id,
				name: empty ? node.name : `${node.name}-moving`,
				hostId: place.hostId,
				port: place.port,
				memoryBytes: node.memoryBytes,
				maxmemoryBytes: node.maxmemoryBytes,
				vcpus: node.vcpus,
				cpuMillis: node.cpuMillis,
				followsNodeId: empty ? null : shard.primaryNodeId,
				onExit: exitPolicy(empty, members.length),
				// A move that was under way for the other one is this one's now.
				replacesNodeId: empty ? node.replacesNodeId : nodeId,
			},
		});
		await tellOf(tx, told);
		if (empty) await letLead(tx, shard, id);
		else await setPrimaryPolicy(tx, shard.primaryNodeId, members.length + 1);
		await bumpRoutes(tx, cache.id);
		const { name } = await tx.host.findUniqueOrThrow({ where: { id: place.hostId } });
		await recordEvent(tx, resources.clock, {
			severity: empty ? "error" : "info",
			type: empty ? "node.started-empty" : "node.moving",
			message: empty
				? `${node.name} starts empty on ${name}: ${causeOf(resources, node)}, and nobody else holds its data.`
				: `${node.name} is to move from ${node.host.name} to ${name}: ${causeOf(resources, node)}.`,
			cacheName: cache.name,
			nodeName: node.name,
			hostName: name,
		});
		return { reason: null, hostIds };
	});
	await noteProblem(resources, cache, node, outcome.reason);
	if (outcome.hostIds.length > 0) {
		wakeHosts(resources, new Set(outcome.hostIds));
		wakeGateways(resources);
	}
	return outcome.reason;
}

/**
 * Takes a node out: its host stops it and confirms. One that another has replaced leaves it its name and its place; a
 * replacement that nobody needs any more just goes.
 */
export async function retireNode(
	resources: Resources,
	cache: FullCache,
	nodeId: string,
): Promise<void> {
	const found = findMember(cache, nodeId);
	if (found === null) return;
	const { shard, node } = found;
	const members = membersOf(shard);
	const heir = members.find((each) => each.replacesNodeId === nodeId);
	const told = toldOf(cache, shard).filter((each) => each.id !== node.id);
	const hostIds = new Set([...told.map((each) => each.hostId), node.hostId]);
	await resources.db.$transaction(async (tx) => {
		const current = await tx.node.findFirst({ where: { id: nodeId, removedAtRevision: null } });
		const { primaryNodeId } = await tx.shard.findUniqueOrThrow({ where: { id: shard.id } });
		// Whoever leads stays, whatever the pass had read.
		if (current === null || primaryNodeId === nodeId) return;
		const revisions = await bumpHosts(tx, hostIds);
		await takeOut(resources, tx, cache, node, revisions.get(node.hostId) ?? 0);
		await tellOf(tx, told);
		await setPrimaryPolicy(tx, primaryNodeId, members.length - 1);
		await bumpRoutes(tx, cache.id);
		if (heir === undefined) return;
		await tx.node.update({
			where: { id: heir.id },
			data: { name: node.name, replacesNodeId: null },
		});
		await recordEvent(tx, resources.clock, {
			severity: "info",
			type: "node.moved",
			message: `${node.name} moved from ${node.host.name} to ${heir.host.name}.`,
			cacheName: cache.name,
			nodeName: node.name,
			hostName: heir.host.name,
		});
	});
	setMoveProblem(resources.fleet, nodeId, null);
	wakeHosts(resources, hostIds);
	wakeGateways(resources);
}

function findMember(cache: FullCache, nodeId: string): { shard: Shard; node: FullNode } | null {
	for (const shard of cache.shards) {
		const node = shard.nodes.find((each) => each.id === nodeId && each.removedAtRevision === null);
		if (node !== undefined) return { shard, node };
	}
	return null;
}

/** Whose assignments change when a node comes or goes. In cluster mode every node knows all others. */
function toldOf(cache: FullCache, shard: Shard): FullNode[] {
	return cache.clusterMode === "enabled" ? allNodeRows(cache) : membersOf(shard);
}

function membersOf(shard: Shard): FullNode[] {
	return shard.nodes.filter((each) => each.removedAtRevision === null);
}

async function tellOf(tx: Transaction, nodes: readonly FullNode[]): Promise<void> {
	await tx.node.updateMany({
		where: { id: { in: nodes.map((node) => node.id) } },
		data: { generation: { increment: 1 } },
	});
}

/** Out of its host's desired state, its port kept from others, its name free, and known to the cluster as one that left. */
async function takeOut(
	{ clock }: Resources,
	tx: Transaction,
	cache: FullCache,
	node: FullNode,
	removedAtRevision: number,
): Promise<void> {
	await tx.node.update({
		where: { id: node.id },
		data: {
			removedAtRevision,
			replacesNodeId: null,
			name: `${node.name}-gone-${randomBytes(2).toString("hex")}`,
		},
	});
	const releasedAt = clock.now();
	await keepPorts(tx, [
		{ hostId: node.hostId, port: node.port, cacheName: cache.name, releasedAt },
	]);
	await noteFormerNode(tx, cache.id, node.id);
}

/** The node leads the shard from now on, and all others follow it. */
async function letLead(tx: Transaction, shard: Shard, nodeId: string): Promise<void> {
	await tx.shard.update({
		where: { id: shard.id },
		data: { primaryNodeId: nodeId, failoverRequestedAt: null, failoverToNodeId: null },
	});
	await tx.node.updateMany({
		where: { shardId: shard.id, removedAtRevision: null, id: { not: nodeId } },
		data: { followsNodeId: nodeId, onExit: exitPolicy(false, shard.nodes.length) },
	});
}

/** Memcached has no primary. */
async function setPrimaryPolicy(
	tx: Transaction,
	primaryNodeId: string | null,
	memberCount: number,
): Promise<void> {
	if (primaryNodeId === null) return;
	await tx.node.updateMany({
		where: { id: primaryNodeId },
		data: { onExit: exitPolicy(true, memberCount) },
	});
}

async function choosePlace(
	resources: Resources,
	tx: Transaction,
	cache: FullCache,
	shard: Shard,
	node: FullNode,
): Promise<ReplacementResult> {
	const hosts = await placementHosts(resources, tx);
	const rows = allNodeRows(cache);
	const replaced = new Set([node.id, ...rows.map((each) => each.replacesNodeId)]);
	const ended = hasLostFiles(resources, node);
	return placeReplacement({
		hosts: hosts.map((host) =>
			// What it had there is free: it can't be started again.
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
		toNewZone: !ended && !isLeaving(node),
		nodeMemoryBytes: Number(node.memoryBytes),
		nodeCpuMillis: node.cpuMillis,
		zones: zonesColumn.parse(cache.zones),
		portRange: resources.nodePorts,
	});
}

function hasLostFiles({ fleet }: Resources, node: FullNode): boolean {
	return fleet.observation(node.id, node.observation)?.reason?.code === "identity-lost";
}

function isLeaving({ host }: FullNode): boolean {
	return host.drainRequestedAt !== null || host.lostAt !== null || host.lossConfirmed;
}

function causeOf(resources: Resources, node: FullNode): string {
	const { host } = node;
	if (host.lossConfirmed) return `host ${host.name} won't come back`;
	if (host.lostAt !== null) return `host ${host.name} is lost`;
	if (hasLostFiles(resources, node)) return "its files are gone";
	if (host.drainRequestedAt !== null) return `host ${host.name} is being drained`;
	return "another zone is free";
}

/** Kept for views and plans, and told once. */
async function noteProblem(
	{ db, fleet, clock }: Resources,
	cache: FullCache,
	node: FullNode,
	reason: string | null,
): Promise<void> {
	const problem = reason === null ? null : `${node.name} can't leave ${node.host.name}. ${reason}`;
	if (!setMoveProblem(fleet, node.id, problem) || problem === null) return;
	await recordEvent(db, clock, {
		severity: "warning",
		type: "node.move-waiting",
		message: problem,
		cacheName: cache.name,
		nodeName: node.name,
		hostName: node.host.name,
	});
}
