import { commonSlots, mergeSlots, type SlotRange } from "../../server/contract/slots.ts";
import { type ClusterTopology, isPhantom, type KnownNode } from "./cluster-topology.ts";
import type { ClusterAssignment } from "./genesis-nodes.ts";

/**
 * Longer than news of a new member takes to reach all hosts. A node that is forgotten too early is introduced
 * again.
 */
const OUTSIDER_PATIENCE_MS = 3_000;

/**
 * Nodes that an engine knows although they aren't members of its cluster. The cluster bus asks for no
 * password: anyone who reaches its port can introduce a node, claim slots in a newer epoch, and make a
 * primary follow it. This class remembers what the engine had before that, while the agent's connection to
 * the engine lasts. The agent takes back only what the engine itself had, because a control plane that was
 * restored from a backup may mistake a current member for an outsider.
 */
export class ClusterOutsiders {
	/** When this class first saw each outsider, by node id. */
	private readonly since = new Map<string, number>();
	/** Slots that this engine owns as a primary, or has lost to outsiders. */
	private owned: readonly SlotRange[] = [];

	/** Call with each reading of the topology. */
	note(cluster: ClusterAssignment, topology: ClusterTopology): void {
		const { self, nodes } = topology;
		const now = performance.now();
		const outsiders = outsidersOf(cluster, topology);
		for (const nodeId of this.since.keys()) {
			if (!outsiders.some((node) => node.nodeId === nodeId)) this.since.delete(nodeId);
		}
		for (const { nodeId } of outsiders) if (!this.since.has(nodeId)) this.since.set(nodeId, now);
		const theirs = outsiders.flatMap(({ slots }) => slots);
		const leader = self.primaryId === null ? undefined : nodes.get(self.primaryId);
		const follows = leader !== undefined && !outsiders.includes(leader);
		this.owned = follows ? [] : mergeSlots([...self.slots, ...commonSlots(this.owned, theirs)]);
	}

	/** Former members, phantoms, and nodes that have stayed too long to be new members. */
	toForget(cluster: ClusterAssignment, { nodes }: ClusterTopology): KnownNode[] {
		const gone = new Set(cluster.former);
		const now = performance.now();
		return [...nodes.values()].filter((node) => {
			if (isPhantom(node) || gone.has(node.nodeId)) return true;
			const since = this.since.get(node.nodeId);
			return since !== undefined && now - since > OUTSIDER_PATIENCE_MS;
		});
	}

	/** Nodes that took slots from this engine, and which slots. */
	thieves(
		cluster: ClusterAssignment,
		topology: ClusterTopology,
	): { nodeId: string; slots: SlotRange[] }[] {
		return outsidersOf(cluster, topology)
			.map(({ nodeId, slots }) => ({ nodeId, slots: commonSlots(this.owned, slots) }))
			.filter(({ slots }) => slots.length > 0);
	}
}

function outsidersOf(
	{ shards, former }: ClusterAssignment,
	{ nodes }: ClusterTopology,
): KnownNode[] {
	const members = new Set(shards.flatMap((shard) => shard.members.map(({ nodeId }) => nodeId)));
	return [...nodes.values()].filter(
		(node) => !isPhantom(node) && !members.has(node.nodeId) && !former.includes(node.nodeId),
	);
}
