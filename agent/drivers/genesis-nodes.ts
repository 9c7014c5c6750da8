import { createHash } from "node:crypto";
import type { Assignment, Cluster } from "../../server/contract/desired-state.ts";
import { CLUSTER_BUS_OFFSET } from "../../server/contract/limits.ts";
import { formatSlots } from "../../server/contract/slots.ts";

export type ClusterAssignment = NonNullable<Assignment["cluster"]>;
type Shard = Cluster["shards"][number];

/** An address where nothing listens: the address of every phantom, which identifies it. */
export const PHANTOM_ADDRESS = { host: "127.0.0.1", port: 1, busPort: 1 } as const;

/** The node that owns a new shard's slots until the shard's primary takes them over. It never exists. */
export function phantomId(shard: Pick<Shard, "primary">): string {
	return createHash("sha1").update(`phantom of ${shard.primary}`).digest("hex");
}

export function shardOf(cluster: ClusterAssignment): Shard {
	const shard = cluster.shards.find(({ members }) =>
		members.some(({ nodeId }) => nodeId === cluster.nodeId),
	);
	if (shard === undefined) throw new Error(`node ${cluster.nodeId} is in no shard of its cluster`);
	return shard;
}

/**
 * The cluster file that a node of a new cluster finds at its first launch (docs/decisions/0010): it lists all
 * members, and every shard's slots belong to a phantom; the node follows its own shard's. `addresses` are the
 * members' IP addresses by node id.
 */
export function renderGenesisNodes(
	cluster: ClusterAssignment,
	addresses: ReadonlyMap<string, string>,
): string {
	const { shards, nodeId: self } = cluster;
	const lines: string[] = [];
	for (const [index, shard] of shards.entries()) {
		if (shard.slots.length === 0) continue;
		const { host, port, busPort } = PHANTOM_ADDRESS;
		const slots = formatSlots(shard.slots).replaceAll(",", " ");
		lines.push(
			`${phantomId(shard)} ${host}:${port}@${busPort} master - 0 0 ${index + 1} disconnected ${slots}`,
		);
	}
	for (const shard of shards) {
		for (const { nodeId, port } of shard.members) {
			const host = addresses.get(nodeId);
			if (host === undefined) throw new Error(`cluster node ${nodeId} has no address`);
			const leader = leaderAtGenesis(shard, nodeId, nodeId === self);
			const flags = `${nodeId === self ? "myself," : ""}${leader === null ? "master" : "slave"}`;
			const link = nodeId === self ? "connected" : "disconnected";
			const address = `${host}:${port}@${port + CLUSTER_BUS_OFFSET}`;
			lines.push(`${nodeId} ${address} ${flags} ${leader ?? "-"} 0 0 0 ${link}`);
		}
	}
	// Shards take over with different epochs, so they never have to settle an epoch between them.
	const epoch = shards.length + shards.indexOf(shardOf(cluster)) + 1;
	return `${lines.join("\n")}\nvars currentEpoch ${epoch} lastVoteEpoch 0\n`;
}

/**
 * The same file for a node that has run without cluster mode, and starts with its data: primaries have their slots, so there
 * is no time at which a replica doesn't know whose copy it is.
 */
export function renderSettledNodes(
	{ shards, nodeId: self }: ClusterAssignment,
	addresses: ReadonlyMap<string, string>,
): string {
	const lines = shards.flatMap(({ slots, primary, members }, index) =>
		members.map(({ nodeId, port }) => {
			const host = addresses.get(nodeId);
			if (host === undefined) throw new Error(`cluster node ${nodeId} has no address`);
			const leads = nodeId === primary;
			const flags = `${nodeId === self ? "myself," : ""}${leads ? "master" : "slave"}`;
			const state = nodeId === self ? "connected" : "disconnected";
			const own = leads ? ` ${formatSlots(slots).replaceAll(",", " ")}` : "";
			const address = `${host}:${port}@${port + CLUSTER_BUS_OFFSET}`;
			return `${nodeId} ${address} ${flags} ${leads ? "-" : primary} 0 0 ${index + 1} ${state}${own}`;
		}),
	);
	return `${lines.join("\n")}\nvars currentEpoch ${shards.length} lastVoteEpoch 0\n`;
}

/**
 * The same file for a node that joins an existing cluster: it knows no other node, owns nothing and follows nothing
 * until members introduce themselves, so it can't tell them anything false.
 */
export function renderNewcomerNodes(
	{ shards, nodeId: self }: ClusterAssignment,
	addresses: ReadonlyMap<string, string>,
): string {
	const member = shards.flatMap(({ members }) => members).find(({ nodeId }) => nodeId === self);
	const host = addresses.get(self);
	if (member === undefined || host === undefined) {
		throw new Error(`cluster node ${self} has no address`);
	}
	const address = `${host}:${member.port}@${member.port + CLUSTER_BUS_OFFSET}`;
	const line = `${self} ${address} myself,master - 0 0 0 connected`;
	return `${line}\nvars currentEpoch 0 lastVoteEpoch 0\n`;
}

/** The node that a member follows in a new node's view; null for a primary. */
function leaderAtGenesis(shard: Shard, nodeId: string, isSelf: boolean): string | null {
	if (isSelf && shard.slots.length > 0) return phantomId(shard);
	return nodeId === shard.primary ? null : shard.primary;
}
