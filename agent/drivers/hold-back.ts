import { join } from "node:path";
import { readFileIfExists } from "../../platform/atomic-file.ts";
import type { Assignment } from "../../server/contract/agent.ts";
import type { InstancePaths } from "../instances/instance-paths.ts";
import { askNode, saysPrimary } from "./ask-node.ts";
import { shardOf } from "./genesis-nodes.ts";

/**
 * Why a cluster's node may not start yet, in a sentence; null when it may. One that led when it ended starts as a
 * primary again, by its own file, and empty. While nobody else leads its shard, its replicas would follow it and lose
 * what they hold. So where it is to be a replica, it waits for the one who is to lead.
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
	return `${nodeName} led its shard and has lost its data; it starts once ${leader.host}:${leader.port} leads`;
}

/** Whether the engine's own file calls the node a primary with slots. */
export function ledWithSlots(nodes: string | null): boolean {
	const self = nodes?.split("\n").find((line) => /^\S+ \S+ \S*\bmyself\b/.test(line));
	const [, , flags = "", , , , , , ...slots] = self?.split(" ") ?? [];
	return flags.split(",").includes("master") && slots.length > 0;
}
