import type { Failover } from "../../contract/index.ts";
import { allNodeRows, type FullCache, type FullNode } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { Prisma } from "../../data/database.ts";
import type { FailoverOrders } from "../../data/failover-orders.ts";
import { type NewEvent, recordEvent } from "../../data/record-event.ts";
import type { PlanAction } from "../../domain/cache/model.ts";
import { REQUESTED } from "../../domain/cache/plan-failover.ts";
import type { Clock } from "../../platform/clock.ts";
import { bumpHosts, bumpRoutes, wakeGateways, wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import { nextFreePort } from "../../services/free-ports.ts";
import { quarantinePorts } from "./assign-ports.ts";
import { exitPolicy } from "./place-cache.ts";

/**
 * Writes down that another node leads, which the engines already know, and tells of it. All roles change in one
 * transaction, so every host's next desired state agrees on who it is; the old primary's own state now says replica, and
 * that is how its host brings it back. In cluster mode every node of the cache is told who leads each shard.
 */
export async function adoptPrimary(
	resources: Resources,
	cache: FullCache,
	nodeId: string,
	foundCause: string,
): Promise<void> {
	const { clock, orders } = resources;
	const shard = cache.shards.find((candidate) =>
		candidate.nodes.some((node) => node.id === nodeId),
	);
	if (shard === undefined) return;
	const rows = allNodeRows(cache);
	const members = rows.filter((node) => node.shardId === shard.id);
	const told = cache.clusterMode === "enabled" ? rows : members;
	const failover = describeFailover(shard, nodeId, foundCause, orders, clock);
	await changeNodes(resources, told, async (tx) => {
		await tx.shard.update({
			where: { id: shard.id },
			data: { primaryNodeId: nodeId, failoverRequestedAt: null, failoverToNodeId: null },
		});
		await tx.cache.update({
			where: { id: cache.id },
			data: { promotionRequestedAt: null, lastFailover: failover },
		});
		await tx.node.updateMany({
			where: { id: { in: told.map((node) => node.id) } },
			data: { generation: { increment: 1 } },
		});
		const onExit = (leads: boolean) => exitPolicy(leads, members.length);
		await tx.node.updateMany({
			where: { id: { in: members.map((node) => node.id), not: nodeId } },
			data: { followsNodeId: nodeId, onExit: onExit(false) },
		});
		await tx.node.update({
			where: { id: nodeId },
			data: { followsNodeId: null, onExit: onExit(true) },
		});
		await bumpRoutes(tx, cache.id);
		await recordEvent(tx, clock, failoverEvent(cache, failover));
	});
	orders.forget(shard.id);
	wakeGateways(resources);
}

function describeFailover(
	shard: FullCache["shards"][number],
	nodeId: string,
	foundCause: string,
	orders: FailoverOrders,
	clock: Clock,
): Failover {
	const given = orders.newest(shard.id);
	const result = given?.result?.leaderNodeId === nodeId ? given.result : null;
	const nameOf = (id: string | null) => shard.nodes.find((node) => node.id === id)?.name ?? "";
	const byOrder = given !== null && result !== null;
	return {
		at: clock.now().toISOString(),
		kind: byOrder ? given.order.kind : "unplanned",
		shard: shardNumber(shard),
		from: nameOf(shard.primaryNodeId),
		to: nameOf(nodeId),
		by: byOrder ? "control-plane" : "engines",
		cause: byOrder ? given.cause : foundCause,
		writesUnavailableMs: !byOrder
			? null
			: given.order.kind === "planned"
				? result.writesUnavailableMs
				: result.at - given.noticedAt,
	};
}

function shardNumber(shard: { index: number } | undefined): string {
	return String((shard?.index ?? 0) + 1).padStart(4, "0");
}

function failoverEvent(cache: FullCache, failover: Failover): NewEvent {
	const { from, to, kind, cause, writesUnavailableMs } = failover;
	const duration =
		writesUnavailableMs === null
			? ""
			: ` Writes were unavailable for ${Math.round(writesUnavailableMs)} ms.`;
	const why = cause === REQUESTED ? " as requested." : `: ${cause}.`;
	const message = `${to} took over from ${from}${why}`;
	return {
		severity: kind === "planned" ? "info" : "warning",
		type: "cache.failover",
		message: `${message}${duration}`,
		cacheName: cache.name,
		nodeName: to,
	};
}

/** Asks for a planned failover, as a person may too. Asked for again, it changes nothing. */
export async function requestFailover(
	{ db, clock, orders }: Resources,
	{ shardId, toNodeId, cause }: Extract<PlanAction, { kind: "request-failover" }>,
): Promise<void> {
	orders.expect(shardId, cause);
	await db.shard.updateMany({
		where: { id: shardId, failoverRequestedAt: null },
		data: { failoverRequestedAt: clock.now(), failoverToNodeId: toNodeId },
	});
}

/** Gives up a planned failover, and says why. */
export async function dropFailover(
	{ db, clock, orders }: Resources,
	cache: FullCache,
	shardId: string,
	reason: string,
): Promise<void> {
	const shard = cache.shards.find((candidate) => candidate.id === shardId);
	const which =
		cache.shards.length > 1 ? `shard ${shardNumber(shard)} of ${cache.name}` : cache.name;
	await db.$transaction(async (tx) => {
		await tx.shard.updateMany({
			where: { id: shardId },
			data: { failoverRequestedAt: null, failoverToNodeId: null },
		});
		await recordEvent(tx, clock, {
			severity: "warning",
			type: "cache.failover-failed",
			message: `The failover of ${which} that was requested came to nothing: ${reason}.`,
			cacheName: cache.name,
		});
	});
	orders.drop(shardId);
}

/** Lets a node that exited be started in the role that it has. */
export function permitLaunch(resources: Resources, cache: FullCache, nodeId: string) {
	return changeNode(resources, cache, nodeId, (node) => ({ launchPermit: node.launchPermit + 1 }));
}

/** Has a node's host reboot it. */
export function rebootNode(resources: Resources, cache: FullCache, nodeId: string) {
	// A database from a backup may be behind its hosts.
	const done = resources.fleet.observation(nodeId, null)?.reboot ?? 0;
	return changeNode(resources, cache, nodeId, (node) => ({
		reboot: Math.max(node.reboot, done) + 1,
		rebootPending: false,
	}));
}

/** Changes one node's assignment, by what the pass has read: planned twice, it is still done once. Its host is told. */
async function changeNode(
	resources: Resources,
	cache: FullCache,
	nodeId: string,
	change: (node: FullNode) => Prisma.NodeUpdateInput,
): Promise<void> {
	const node = findNode(cache, nodeId);
	if (node === undefined) return;
	await changeNodes(resources, [node], async (tx) => {
		await tx.node.update({
			where: { id: nodeId },
			data: { ...change(node), generation: { increment: 1 } },
		});
	});
}

/**
 * Gives a node the next port that is free on its host, because something else there holds its own. Whoever has to know
 * its address is told.
 */
export async function movePort(
	resources: Resources,
	cache: FullCache,
	nodeId: string,
): Promise<void> {
	const node = findNode(cache, nodeId);
	if (node === undefined) return;
	const shard = cache.shards.find((candidate) => candidate.id === node.shardId);
	const told = cache.clusterMode === "enabled" ? allNodeRows(cache) : (shard?.nodes ?? [node]);
	await changeNodes(resources, told, async (tx) => {
		const port = await nextFreePort(resources, tx, node);
		await tx.node.updateMany({
			where: { id: { in: told.map((each) => each.id) } },
			data: { generation: { increment: 1 } },
		});
		await tx.node.update({
			where: { id: nodeId },
			// A process that could start on the old port in the meantime is started anew on the new one.
			data: { port, reboot: { increment: 1 }, observation: Prisma.DbNull },
		});
		await bumpRoutes(tx, cache.id);
	});
	resources.fleet.forgetObservation(nodeId);
	wakeGateways(resources);
}

/** Memcached's auto discovery names these nodes from now on. */
export async function publishDiscovery(
	resources: Resources,
	cache: FullCache,
	nodeIds: readonly string[],
): Promise<void> {
	await resources.db.$transaction(async (tx) => {
		await tx.cache.update({
			where: { id: cache.id },
			data: { discoveryNodeIds: [...nodeIds], discoveryVersion: { increment: 1 } },
		});
		await bumpRoutes(tx, cache.id);
	});
	wakeGateways(resources);
}

/**
 * Takes all nodes out of their hosts' desired states, and the cache's endpoints out of the gateways; the hosts stop the
 * engines and confirm. The ports are kept from other caches for a while.
 */
export async function removeNodes(resources: Resources, cache: FullCache): Promise<void> {
	const hostIds = new Set(allNodeRows(cache).map((node) => node.hostId));
	await resources.db.$transaction(async (tx) => {
		const revisions = await bumpHosts(tx, hostIds);
		for (const [hostId, removedAtRevision] of revisions) {
			await tx.node.updateMany({
				where: { cacheId: cache.id, hostId, removedAtRevision: null },
				data: { removedAtRevision },
			});
		}
		await quarantinePorts(tx, cache, resources.clock.now());
		await bumpRoutes(tx, cache.id);
	});
	wakeHosts(resources, hostIds);
	wakeGateways(resources);
}

function findNode(cache: FullCache, nodeId: string) {
	return allNodeRows(cache).find((node) => node.id === nodeId);
}

async function changeNodes(
	resources: Resources,
	nodes: readonly { hostId: string }[],
	change: (tx: Transaction) => Promise<void>,
): Promise<void> {
	const hostIds = new Set(nodes.map((node) => node.hostId));
	await resources.db.$transaction(async (tx) => {
		await bumpHosts(tx, hostIds);
		await change(tx);
	});
	wakeHosts(resources, hostIds);
}
