import { join } from "node:path";
import { readFileIfExists } from "../../platform/atomic-file.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { InstancePaths } from "../instances/instance-paths.ts";
import { askNode, saysPrimary } from "./ask-node.ts";
import { shardOf } from "./genesis-nodes.ts";

/**
 * Why a cluster node may not start yet, in a sentence; null if it may. A node that was primary when it ended
 * starts as a primary again, according to its own file, and empty. If no other node leads its shard, its
 * replicas would follow it and lose their data. So if it should become a replica, it waits for the new
 * primary.
 */
export async function holdBackCause(
	{ cluster, auth, nodeName }: Assignment,
	paths: InstancePaths,
): Promise<string | null> {
	if (cluster === null) return null;
	const shard = shardOf(cluster);
	if (shard.primary === cluster.nodeId) return null;
	if (!ledWithSlots(await readFileIfExists(join(paths.data, "nodes.conf")))) return null;
	const leader = shard.members.find(({ nodeId }) => nodeId === shard.primary);
	if (leader === undefined) return null;
	if (saysPrimary(await askNode(auth, leader, ["ROLE"]))) return null;
	return `${nodeName} was the primary of its shard and has lost its data; it will start once ${leader.host}:${leader.port} is the primary`;
}

/** Whether the engine's own file calls the node a primary with slots. */
export function ledWithSlots(nodes: string | null): boolean {
	const self = nodes?.split("\n").find((line) => /^\S+ \S+ \S*\bmyself\b/.test(line));
	const [, , flags = "", , , , , , ...slots] = self?.split(" ") ?? [];
	return flags.split(",").includes("master") && slots.length > 0;
}
