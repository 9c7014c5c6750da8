import type { FullCache } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { Prisma } from "../../data/database.ts";
import type { Resources } from "../../services/context.ts";
import { bumpHosts, wakeHosts } from "../../services/bump-hosts.ts";
import { exitPolicy } from "./place-cache.ts";

/**
 * Makes another node lead. All roles change in one transaction, so every host's next desired state agrees on who it is;
 * the old primary's own state now says replica, and that is how its host brings it back.
 */
export async function promoteNode(
	resources: Resources,
	cache: FullCache,
	nodeId: string,
): Promise<void> {
	const shard = cache.shards.find((candidate) =>
		candidate.nodes.some((node) => node.id === nodeId),
	);
	if (shard === undefined) return;
	await changeNodes(
		resources,
		shard.nodes.map((node) => node.hostId),
		async (tx) => {
			await tx.shard.update({ where: { id: shard.id }, data: { primaryNodeId: nodeId } });
			await tx.cache.update({ where: { id: cache.id }, data: { promotionRequestedAt: null } });
			for (const node of shard.nodes) {
				const leads = node.id === nodeId;
				await tx.node.update({
					where: { id: node.id },
					data: {
						followsNodeId: leads ? null : nodeId,
						onExit: exitPolicy(leads, shard.nodes.length),
						generation: { increment: 1 },
					},
				});
			}
		},
	);
}

/** Lets a node that exited be started in the role that it has. */
export async function permitLaunch(
	resources: Resources,
	cache: FullCache,
	nodeId: string,
): Promise<void> {
	const node = findNode(cache, nodeId);
	if (node === undefined) return;
	await changeNodes(resources, [node.hostId], async (tx) => {
		await tx.node.update({
			where: { id: nodeId },
			data: { launchPermit: node.launchPermit + 1, generation: { increment: 1 } },
		});
	});
}

/** Gives a node the next port that no cache of its host has, because something else on the host holds its own. */
export async function movePort(
	resources: Resources,
	cache: FullCache,
	nodeId: string,
): Promise<void> {
	const node = findNode(cache, nodeId);
	if (node === undefined) return;
	const leads = cache.shards.some((shard) => shard.primaryNodeId === nodeId);
	const followers = cache.shards.flatMap((shard) => shard.nodes);
	await changeNodes(
		resources,
		leads ? followers.map((follower) => follower.hostId) : [node.hostId],
		async (tx) => {
			const onHost = await tx.node.findMany({
				where: { hostId: node.hostId },
				select: { port: true },
			});
			const used = new Set(onHost.map((other) => other.port));
			const { first, last } = resources.clientPorts;
			const span = last - first + 1;
			let port = node.port;
			for (let i = 0; i < span && used.has(port); i++) {
				port = port + 1 > last || port + 1 < first ? first : port + 1;
			}
			await tx.node.update({
				where: { id: nodeId },
				data: { port, generation: { increment: 1 }, observation: Prisma.DbNull },
			});
			if (leads) {
				await tx.cache.update({ where: { id: cache.id }, data: { port } });
				await tx.node.updateMany({
					where: { followsNodeId: nodeId },
					data: { generation: { increment: 1 } },
				});
			}
		},
	);
	resources.fleet.forgetObservation(nodeId);
}

/** Takes all nodes out of their hosts' desired states; the hosts stop them and confirm. */
export async function removeNodes(resources: Resources, cache: FullCache): Promise<void> {
	const nodes = cache.shards.flatMap((shard) => shard.nodes);
	const hostIds = new Set(nodes.map((node) => node.hostId));
	await resources.db.$transaction(async (tx) => {
		const revisions = await bumpHosts(tx, hostIds);
		for (const [hostId, removedAtRevision] of revisions) {
			await tx.node.updateMany({
				where: { cacheId: cache.id, hostId, removedAtRevision: null },
				data: { removedAtRevision },
			});
		}
	});
	wakeHosts(resources, hostIds);
}

function findNode(cache: FullCache, nodeId: string) {
	return cache.shards.flatMap((shard) => shard.nodes).find((node) => node.id === nodeId);
}

async function changeNodes(
	resources: Resources,
	hostIds: string[],
	change: (tx: Transaction) => Promise<void>,
): Promise<void> {
	await resources.db.$transaction(async (tx) => {
		await bumpHosts(tx, hostIds);
		await change(tx);
	});
	wakeHosts(resources, new Set(hostIds));
}
