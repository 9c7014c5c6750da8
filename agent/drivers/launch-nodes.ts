import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { InstancePaths } from "../instances/instance-paths.ts";
import { askNode } from "./ask-node.ts";
import type { LaunchContext } from "./driver.ts";
import {
	type ClusterAssignment,
	renderGenesisNodes,
	renderNewcomerNodes,
	renderSettledNodes,
	shardOf,
} from "./genesis-nodes.ts";
import { resolveAddress } from "./resolve-address.ts";

const ASKED_AT_MOST = 8;
/** Fields of a line in front of the node's slots. */
const BEFORE_SLOTS = 8;
const SHARD_ID = /shard-id=[0-9a-f]+/;

/** The engine's own cluster file: the node's identity, the nodes it knows, and its votes. */
export function nodesFile(paths: InstancePaths): string {
	return join(paths.data, "nodes.conf");
}

/**
 * Written at the first launch, and at the first one in cluster mode of a node that has run without. After that only the
 * engine writes it, but for what it couldn't read itself, and what it must not believe any more.
 */
export async function prepareNodes(
	{ kind, paths, assignment }: LaunchContext,
	cluster: ClusterAssignment,
): Promise<void> {
	if (kind === "first") {
		const render = (await comesLater(cluster, assignment.auth))
			? renderNewcomerNodes
			: renderGenesisNodes;
		const nodes = render(cluster, await addressesOf(cluster));
		return await writeFile(nodesFile(paths), nodes, { mode: 0o600 });
	}
	if (!(await ranWithoutCluster(paths))) {
		return await repairNodes(paths, shardOf(cluster).primary === cluster.nodeId);
	}
	await writeFileAtomic(nodesFile(paths), renderSettledNodes(cluster, await addressesOf(cluster)));
}

/**
 * Whether the node was last launched with cluster mode disabled, according to its own configuration. That one is written
 * after the nodes of a first launch in cluster mode, so a launch that was cut short is a first one still.
 */
export async function ranWithoutCluster(paths: InstancePaths): Promise<boolean> {
	const configuration = await readFileIfExists(paths.configuration);
	return configuration !== null && !/^cluster-enabled yes$/m.test(configuration);
}

async function addressesOf({ shards }: ClusterAssignment): Promise<ReadonlyMap<string, string>> {
	const members = shards.flatMap((shard) => shard.members);
	return new Map(
		await Promise.all(
			members.map(async ({ nodeId, host }) => [nodeId, await resolveAddress(host)] as const),
		),
	);
}

async function repairNodes(paths: InstancePaths, leads: boolean): Promise<void> {
	const text = await readFileIfExists(nodesFile(paths));
	if (text === null) return;
	const repaired = withoutClaims(withOneShardId(text), leads);
	if (repaired !== text) await writeFileAtomic(nodesFile(paths), repaired);
}

/**
 * Gives replicas the shard id of their primaries. Valkey 8.1 refuses to start with a file in which they differ, but writes
 * one: a node that has just met its cluster hears of a replica's shard id before it hears of the primary's.
 */
export function withOneShardId(text: string): string {
	const lines = text.split("\n").map((line) => line.split(" "));
	const shardIds = new Map(
		lines.flatMap(([id, address]) => {
			const shardId = SHARD_ID.exec(address ?? "")?.[0];
			return id === undefined || shardId === undefined ? [] : [[id, shardId] as const];
		}),
	);
	return lines
		.map((fields) => {
			const [id, address = "", flags, primaryId = "", ...rest] = fields;
			const shardId = shardIds.get(primaryId);
			if (shardId === undefined) return fields.join(" ");
			return [id, address.replace(SHARD_ID, shardId), flags, primaryId, ...rest].join(" ");
		})
		.join("\n");
}

/**
 * Removes from the node's own line the slots that were arriving, and everything else that it had if another node leads its
 * shard now. The node's data ended with its process, but it would claim these slots: Valkey 8 takes over, in a newer epoch
 * than its successor has, slots that were arriving and that their source has handed to that successor since. Slots that
 * were leaving stay open: the keys that are still at the source, and the other end, depend on it.
 */
export function withoutClaims(text: string, leads: boolean): string {
	return text
		.split("\n")
		.map((line) => {
			const fields = line.split(" ");
			if (fields[2]?.split(",").includes("myself") !== true) return line;
			const slots = leads ? fields.slice(BEFORE_SLOTS).filter((each) => !each.includes("-<-")) : [];
			return [...fields.slice(0, BEFORE_SLOTS), ...slots].join(" ");
		})
		.join("\n");
}

/** Why the engine's own file can't identify the node. */
export type NodesFileFault = "missing" | "damaged" | "another-node";

export async function findNodesFileFault(
	paths: InstancePaths,
	nodeId: string,
): Promise<NodesFileFault | null> {
	const text = await readFileIfExists(nodesFile(paths));
	return text === null ? "missing" : checkNodesFile(text, nodeId);
}

/**
 * An engine takes an empty file for a new node's, gives itself another identity, and is a stranger to its
 * cluster from then on. It refuses to start with a truncated or garbled file.
 */
export function checkNodesFile(text: string, nodeId: string): NodesFileFault | null {
	const lines = text.split("\n").filter((line) => line !== "");
	const epochs = lines.pop();
	if (epochs === undefined || !/^vars currentEpoch \d+ lastVoteEpoch \d+$/.test(epochs)) {
		return "damaged";
	}
	const nodes = lines.map((line) => /^([0-9a-f]{40}) \S+ (\S+) \S+ \d+ \d+ \d+ \S+/.exec(line));
	if (nodes.includes(null)) return "damaged";
	const selves = nodes.filter((node) => node?.[2]?.split(",").includes("myself"));
	if (selves.length !== 1) return "damaged";
	return selves[0]?.[1] === nodeId ? null : "another-node";
}

/**
 * Whether the cluster existed before this node: then members don't know the node yet. Nodes of a new cluster
 * know each other from the start.
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
