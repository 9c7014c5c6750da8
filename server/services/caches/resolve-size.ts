import type { ModifyCacheInput } from "../../contract/index.ts";
import {
	allNodeRows,
	type CacheSize,
	type FullCache,
	type FullNode,
} from "../../data/cache-mapping.ts";
import { shardName } from "../../data/cache-view.ts";
import { nodeNames } from "../../domain/cache/node-label.ts";
import type { ChangeProblem } from "./change-problem.ts";

type SizeInput = Pick<
	ModifyCacheInput,
	"replicasPerShard" | "shardReplicas" | "removeNodes" | "nodes"
>;

export interface SizeChange {
	size: CacheSize;
	/** Nodes that a person named as the ones to leave. */
	leaving: FullNode[];
	problems: ChangeProblem[];
}

/** How many nodes the cache wants now. */
export function presentSize(row: FullCache): CacheSize {
	const own = row.shards.flatMap(({ id, replicas }) => (replicas === null ? [] : [[id, replicas]]));
	return {
		...{ replicasPerShard: row.replicasPerShard, nodes: row.nodeCount },
		...(own.length > 0 && { shardReplicas: Object.fromEntries(own) }),
	};
}

/** The cache's rows, with that many nodes wanted. */
export function withSize(row: FullCache, size: CacheSize): FullCache {
	return {
		...row,
		...{ replicasPerShard: size.replicasPerShard, nodeCount: size.nodes },
		shards: row.shards.map((shard) => ({
			...shard,
			replicas: size.shardReplicas?.[shard.id] ?? null,
		})),
	};
}

/** How many replicas a shard has in that size. */
export function replicasOf(size: CacheSize, { id }: { id: string }): number {
	return size.shardReplicas?.[id] ?? size.replicasPerShard;
}

/**
 * The number of nodes that a request leads to. What it says about a single shard takes precedence over what it says
 * about all. Nodes that it names leave: a shard whose number of replicas it doesn't give has that many fewer afterward.
 */
export function resolveSize(row: FullCache, input: SizeInput): SizeChange {
	const problems: ChangeProblem[] = [];
	const refuse = (field: string, message: string) =>
		problems.push({ code: "invalid_argument", field, message });
	const present = presentSize(row);
	const leaving = namedNodes(row, input.removeNodes ?? [], refuse);
	if (row.nodeCount !== null) {
		if (input.shardReplicas !== undefined) {
			refuse(
				"shardReplicas",
				"shardReplicas doesn't apply to Memcached, which has no shards; use nodes",
			);
		}
		const nodes = input.nodes ?? row.nodeCount - leaving.length;
		if (leaving.length > Math.max(0, row.nodeCount - nodes))
			refuse("removeNodes", tooMany(nodes, "nodes"));
		if (nodes < 1)
			refuse(
				"removeNodes",
				"A cache must keep at least one node; to remove the last one, delete the cache",
			);
		return { size: { ...present, nodes }, leaving, problems };
	}
	const asked = askedPerShard(row, input, refuse);
	const numbers = new Map<string, number>();
	for (const shard of row.shards) {
		const before = replicasOf(present, shard);
		const named = leaving.filter(({ shardId }) => shardId === shard.id).length;
		const number = asked.get(shard.id) ?? input.replicasPerShard;
		const after = number ?? before - named;
		numbers.set(shard.id, after);
		if (named > Math.max(0, before - after)) {
			refuse("removeNodes", tooMany(after, `replicas in shard ${shardName(shard.index)}`));
		}
	}
	return {
		size: toSize(row, input.replicasPerShard ?? row.replicasPerShard, numbers),
		leaving,
		problems,
	};
}

type Refuse = (field: string, message: string) => void;

function tooMany(count: number, what: string): string {
	return `removeNodes names too many nodes: ${count} of the ${what} must stay`;
}

function askedPerShard(
	row: FullCache,
	{ shardReplicas = [] }: SizeInput,
	refuse: Refuse,
): Map<string, number> {
	const asked = new Map<string, number>();
	for (const { shard: name, replicas } of shardReplicas) {
		const shard = row.shards.find(({ index }) => shardName(index) === name);
		if (shard !== undefined) asked.set(shard.id, replicas);
		else {
			const names = row.shards.map(({ index }) => shardName(index)).join(", ");
			refuse("shardReplicas", `Cache ${row.name} has no shard ${name}; its shards are ${names}`);
		}
	}
	return asked;
}

function namedNodes(row: FullCache, names: readonly string[], refuse: Refuse): FullNode[] {
	const rows = allNodeRows(row);
	return [...new Set(names)].flatMap((name) => {
		const node = rows.find((each) => each.name === name && each.replacesNodeId === null);
		if (node === undefined) {
			const present = nodeNames(rows);
			refuse("removeNodes", `Cache ${row.name} has no node ${name}; its nodes are ${present}`);
			return [];
		}
		if (row.shards.some(({ primaryNodeId }) => primaryNodeId === node.id)) {
			refuse(
				"removeNodes",
				`${name} is the primary of its shard. Fail over to a replica first, then remove ${name}`,
			);
		}
		return [node];
	});
}

/** One number if all shards have the same; otherwise it names the exceptions. */
function toSize(
	row: FullCache,
	replicasPerShard: number,
	numbers: ReadonlyMap<string, number>,
): CacheSize {
	const [first, ...others] = [...new Set(numbers.values())];
	const common = others.length === 0 && first !== undefined ? first : replicasPerShard;
	const own = [...numbers].filter(([, replicas]) => replicas !== common);
	return {
		...{ replicasPerShard: common, nodes: row.nodeCount },
		...(own.length > 0 && { shardReplicas: Object.fromEntries(own) }),
	};
}
