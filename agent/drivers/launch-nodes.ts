import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Assignment } from "../../server/contract/agent.ts";
import type { InstancePaths } from "../instances/instance-paths.ts";
import { askNode } from "./ask-node.ts";
import type { LaunchContext } from "./driver.ts";
import {
	type ClusterAssignment,
	renderGenesisNodes,
	renderNewcomerNodes,
	shardOf,
} from "./genesis-nodes.ts";
import { resolveAddress } from "./resolve-address.ts";

const ASKED_AT_MOST = 8;

/** The engine's own file of its cluster: who the node is, whom it knows, and what it voted for. */
function nodesFile(paths: InstancePaths): string {
	return join(paths.data, "nodes.conf");
}

/** Written once, at the first launch. Later it is the engine's alone. */
export async function prepareNodes(
	{ kind, paths, assignment }: LaunchContext,
	cluster: ClusterAssignment,
): Promise<void> {
	if (kind !== "first") return;
	const members = cluster.shards.flatMap((shard) => shard.members);
	const addresses = new Map(
		await Promise.all(
			members.map(async ({ nodeId, host }) => [nodeId, await resolveAddress(host)] as const),
		),
	);
	const render = (await comesLater(cluster, assignment.auth))
		? renderNewcomerNodes
		: renderGenesisNodes;
	await writeFile(nodesFile(paths), render(cluster, addresses), { mode: 0o600 });
}

export async function hasNodesFile(paths: InstancePaths): Promise<boolean> {
	return await access(nodesFile(paths)).then(
		() => true,
		() => false,
	);
}

/**
 * Whether the cluster was there before this node: then a member doesn't know it. Nodes that are born with their cluster
 * know all others from their first moment, and so do those that have met the node.
 */
async function comesLater(cluster: ClusterAssignment, auth: Assignment["auth"]): Promise<boolean> {
	const own = shardOf(cluster);
	const siblingsFirst = [own, ...cluster.shards.filter((shard) => shard !== own)];
	const asked = siblingsFirst
		.flatMap(({ members }) => members)
		.filter(({ nodeId }) => nodeId !== cluster.nodeId)
		.slice(0, ASKED_AT_MOST);
	const answers = await Promise.all(
		asked.map((member) => askNode(auth, member, ["CLUSTER", "NODES"])),
	);
	return answers.some((nodes) => typeof nodes === "string" && !nodes.includes(cluster.nodeId));
}
