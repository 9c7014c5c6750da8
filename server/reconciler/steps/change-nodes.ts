import { allNodeRows, type FullCache, type FullNode } from "../../data/cache-mapping.ts";
import { writeInCharge } from "../../data/charge.ts";
import type { Transaction } from "../../data/database.ts";
import { Prisma } from "../../data/database.ts";
import { recordEvent } from "../../data/record-event.ts";
import { lockCaches } from "../../data/row-locks.ts";
import { isServerless } from "../../data/serverless-rows.ts";
import type { PlanAction } from "../../domain/cache/model.ts";
import { bumpHosts, bumpRoutes, wakeGateways, wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import { nextFreePort } from "../../services/free-ports.ts";
import { quarantinePorts } from "./assign-ports.ts";
import { affectedNodes, findMember, raiseGenerations } from "./membership.ts";
import { shardNumber } from "./shard-number.ts";

/** A shard's columns once no failover is requested or ordered. */
export const NO_FAILOVER = {
	failoverRequestedAt: null,
	failoverToNodeId: null,
	failoverCause: Prisma.DbNull,
} as const;

/** Requests a planned failover, as a user can. Repeating the request changes nothing. */
export async function requestFailover(
	resources: Resources,
	{ shardId, toNodeId, cause }: Extract<PlanAction, { kind: "request-failover" }>,
): Promise<void> {
	await writeInCharge(resources, async (tx) => {
		await tx.shard.updateMany({
			where: { id: shardId, failoverRequestedAt: null },
			data: {
				failoverRequestedAt: resources.clock.now(),
				failoverToNodeId: toNodeId,
				failoverCause: { kind: "planned", cause },
			},
		});
	});
}

/** Forgets why a failover was ordered, once it has ended without another primary. */
export async function forgetCause(resources: Resources, shardId: string): Promise<void> {
	await writeInCharge(resources, async (tx) => {
		await tx.shard.updateMany({
			where: { id: shardId, failoverRequestedAt: null },
			data: { failoverCause: Prisma.DbNull },
		});
	});
}

/** Gives up a planned failover, and reports why. */
export async function dropFailover(
	resources: Resources,
	cache: FullCache,
	shardId: string,
	reason: string,
): Promise<void> {
	const { clock, orders } = resources;
	const shard = cache.shards.find((candidate) => candidate.id === shardId);
	const which =
		cache.shards.length > 1 ? `shard ${shardNumber(shard)} of ${cache.name}` : cache.name;
	await writeInCharge(resources, async (tx) => {
		await tx.shard.updateMany({
			where: { id: shardId },
			data: NO_FAILOVER,
		});
		await recordEvent(tx, clock, {
			severity: "warning",
			type: "cache.failover-failed",
			message: `The requested failover of ${which} didn't happen: ${reason}.`,
			cacheName: cache.name,
		});
	});
	orders.drop(shardId);
}

/** Allows a node that exited to start in its current role. */
export function permitLaunch(resources: Resources, cache: FullCache, nodeId: string) {
	return changeNode(resources, cache, nodeId, (node) => ({ launchPermit: node.launchPermit + 1 }));
}

/** Makes a node's host reboot it. */
export function rebootNode(resources: Resources, cache: FullCache, nodeId: string) {
	// A database from a backup may be behind its hosts.
	const done = resources.fleet.observation(nodeId, null)?.reboot ?? 0;
	return changeNode(resources, cache, nodeId, (node) => ({
		reboot: Math.max(node.reboot, done) + 1,
		rebootPending: false,
	}));
}

/**
 * Changes one node's assignment to values that follow from what the pass has read: planned twice, it is still done
 * once. Wakes its host.
 */
async function changeNode(
	resources: Resources,
	cache: FullCache,
	nodeId: string,
	change: (node: FullNode) => Prisma.NodeUpdateInput,
): Promise<void> {
	const node = findMember(cache, nodeId)?.node;
	if (node === undefined) return;
	await changeNodes(resources, cache, [node], async (tx) => {
		await tx.node.update({ where: { id: nodeId }, data: change(node) });
	});
}

/**
 * Gives a node the next free port on its host, because another program there holds its own. Tells all hosts and
 * gateways that must know the address. Returns the reason if no port is left.
 */
export async function movePort(
	resources: Resources,
	cache: FullCache,
	nodeId: string,
): Promise<string | null> {
	const found = findMember(cache, nodeId);
	if (found === null) return null;
	const { shard, node } = found;
	const affected = affectedNodes(cache, shard);
	const port = await writeInCharge(resources, async (tx) => {
		const free = await nextFreePort(resources, tx, node);
		if (free === null) return null;
		await raiseGenerations(tx, [cache.id], affected);
		await tx.node.update({
			where: { id: nodeId },
			// A process that could meanwhile start on the old port is restarted on the new one.
			data: { port: free, reboot: { increment: 1 }, observation: Prisma.DbNull },
		});
		await bumpRoutes(tx, [cache.id]);
		return free;
	});
	if (port === null) {
		const { first, last } = resources.nodePorts;
		return `No node port from ${first} to ${last} is left for ${node.name} on ${node.host.name}. Stop the programs there that hold these ports, or delete caches.`;
	}
	resources.fleet.forgetObservation(nodeId);
	wakeHosts(resources, new Set(affected.map(({ hostId }) => hostId)));
	wakeGateways(resources);
	return null;
}

/** Makes Memcached's auto discovery name these nodes from now on. */
export async function publishDiscovery(
	resources: Resources,
	cache: FullCache,
	nodeIds: readonly string[],
): Promise<void> {
	// The proxies of a serverless cache are on its nodes.
	const told = isServerless(cache) ? allNodeRows(cache) : [];
	const hosts = await writeInCharge(resources, async (tx) => {
		const revisions = await raiseGenerations(tx, [cache.id], told);
		await tx.cache.update({
			where: { id: cache.id },
			data: { discoveryNodeIds: [...nodeIds], discoveryVersion: { increment: 1 } },
		});
		await bumpRoutes(tx, [cache.id]);
		return revisions;
	});
	wakeHosts(resources, hosts.keys());
	wakeGateways(resources);
}

/**
 * Removes all nodes from their hosts' desired states, and the cache's endpoints from the gateways; the hosts
 * stop the engines and confirm. The ports are kept from other caches for a while.
 */
export async function removeNodes(resources: Resources, cache: FullCache): Promise<void> {
	const hostIds = new Set(allNodeRows(cache).map((node) => node.hostId));
	await writeInCharge(resources, async (tx) => {
		const revisions = await bumpHosts(tx, hostIds);
		await lockCaches(tx, [cache.id]);
		for (const [hostId, removedAtRevision] of revisions) {
			await tx.node.updateMany({
				where: { cacheId: cache.id, hostId, removedAtRevision: null },
				data: { removedAtRevision },
			});
		}
		await quarantinePorts(tx, cache, resources.clock.now());
		await bumpRoutes(tx, [cache.id]);
	});
	wakeHosts(resources, hostIds);
	wakeGateways(resources);
}

async function changeNodes(
	resources: Resources,
	cache: FullCache,
	nodes: readonly FullNode[],
	change: (tx: Transaction) => Promise<void>,
): Promise<void> {
	const hostIds = new Set(nodes.map((node) => node.hostId));
	await writeInCharge(resources, async (tx) => {
		await raiseGenerations(tx, [cache.id], nodes);
		await change(tx);
	});
	wakeHosts(resources, hostIds);
}
