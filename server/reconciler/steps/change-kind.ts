import { engineSchema } from "../../contract/enums.ts";
import { formatCpus, formatGib } from "../../contract/units.ts";
import { FULL_CACHE, type FullCache, type FullNode } from "../../data/cache-mapping.ts";
import { writeInCharge } from "../../data/charge.ts";
import type { Prisma, Transaction } from "../../data/database.ts";
import { setTight } from "../../data/fleet-room.ts";
import { recordEvent } from "../../data/record-event.ts";
import { isServerless } from "../../data/serverless-rows.ts";
import { engineTitle } from "../../domain/cache/node-kind.ts";
import { wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import { dataMisfit } from "../../services/data-fit.ts";
import { mayResize } from "../../services/host-room.ts";
import { type NodeColumns, nodeColumns } from "../../services/node-columns.ts";
import { findMember, raiseGenerations } from "./membership.ts";

/**
 * Gives a node the cache's node type where it runs, without a restart. A larger one is reserved on the host in the same
 * transaction that tells the agent. A smaller one takes two: first the engine gets less memory for data, and once its
 * host has confirmed that, the memory that the node gave up is free for others. Returns the reason if the data doesn't fit.
 */
export async function resizeNode(
	resources: Resources,
	{ id }: FullCache,
	nodeId: string,
): Promise<string | null> {
	const outcome = await writeInCharge(resources, async (tx) => {
		// The cache as the pass has read it may be out of date: planned twice, it is still done once.
		const cache = await tx.cache.findUniqueOrThrow({ where: { id }, include: FULL_CACHE });
		const node = findMember(cache, nodeId)?.node;
		if (node === undefined) return {};
		const wanted = await nodeColumns(tx, cache);
		if (isOfSize(cache, node, wanted)) return {};
		const isRoomy = await mayResize(resources, tx, node, wanted);
		if (!isRoomy) return { isTight: true };
		const reason = dataMisfit(resources, node, wanted);
		if (reason !== null) return { reason };
		const shrinks = wanted.memoryBytes < node.memoryBytes;
		if (shrinks && wanted.maxmemoryBytes < node.maxmemoryBytes) {
			await change(tx, node, { maxmemoryBytes: wanted.maxmemoryBytes });
			return { hostId: node.hostId };
		}
		await change(tx, node, sizeOf(wanted));
		// Of a serverless cache, the decision is an event (scale-cache.ts).
		if (isServerless(cache)) return { hostId: node.hostId };
		await recordEvent(tx, resources.clock, {
			severity: "info",
			type: "node.resized",
			message: `${node.name} on ${node.host.name} was resized to ${wanted.nodeType} (${formatGib(Number(wanted.memoryBytes))}, ${formatCpus(wanted.vcpus * 1_000)}) without a restart.`,
			cacheName: cache.name,
			nodeName: node.name,
			hostName: node.host.name,
		});
		return { hostId: node.hostId };
	});
	const isNews = setTight(resources.fleet, nodeId, outcome.isTight === true);
	// The next plan looks for a successor.
	if (isNews) resources.wakeCache(id);
	if (outcome.hostId !== undefined) wakeHosts(resources, [outcome.hostId]);
	return outcome.reason ?? null;
}

/** Restarts a node in place with the engine that the cache wants. The node keeps its data. */
export async function renewNode(
	resources: Resources,
	{ id }: FullCache,
	nodeId: string,
): Promise<void> {
	const hostIds = await writeInCharge(resources, async (tx) => {
		const cache = await tx.cache.findUniqueOrThrow({ where: { id }, include: FULL_CACHE });
		const node = findMember(cache, nodeId)?.node;
		if (node === undefined || node.engineVersion === cache.engineVersion) return [];
		const { engine, engineVersion, parameterGroup } = await nodeColumns(tx, cache);
		// A database from a backup may be behind its hosts.
		const done = resources.fleet.observation(nodeId, null)?.reboot ?? 0;
		await change(tx, node, {
			...{ engine, engineVersion, parameterGroup },
			reboot: Math.max(node.reboot, done) + 1,
			rebootPending: false,
		});
		await recordEvent(tx, resources.clock, {
			severity: "info",
			type: "node.renewing",
			message: `${node.name} on ${node.host.name} restarts with ${engineTitle(engineSchema.parse(engine), engineVersion)}: no host has room for a replacement.`,
			cacheName: cache.name,
			nodeName: node.name,
			hostName: node.host.name,
		});
		return [node.hostId];
	});
	wakeHosts(resources, hostIds);
}

async function change(
	tx: Transaction,
	node: FullNode,
	data: Prisma.NodeUpdateInput,
): Promise<void> {
	await raiseGenerations(tx, [node.cacheId], [node]);
	await tx.node.update({ where: { id: node.id }, data });
}

/** Of the wanted node type; a serverless cache's nodes have no type, but sizes. */
function isOfSize(cache: FullCache, node: FullNode, wanted: NodeColumns): boolean {
	if (!isServerless(cache)) return node.nodeType === wanted.nodeType;
	return node.memoryBytes === wanted.memoryBytes && node.maxmemoryBytes === wanted.maxmemoryBytes;
}

function sizeOf({ nodeType, memoryBytes, maxmemoryBytes, vcpus, cpuMillis }: NodeColumns) {
	return { nodeType, memoryBytes, maxmemoryBytes, vcpus, cpuMillis };
}
