import { engineSchema } from "../contract/enums.ts";
import { usableMemoryBytes } from "../contract/usable-memory.ts";
import type { FullCache, FullNode } from "../data/cache-mapping.ts";
import type { Transaction } from "../data/database.ts";
import { findParameterGroup } from "../data/parameter-groups.ts";
import { isServerless } from "../data/serverless-rows.ts";
import { shardBytesOf } from "../domain/serverless/capacity.ts";

/** What a node is, apart from its place and its role. */
export type NodeColumns = Pick<FullNode, (typeof COLUMNS)[number]>;
const COLUMNS = [
	...(["engine", "engineVersion", "parameterGroup", "nodeType"] as const),
	...(["memoryBytes", "maxmemoryBytes", "vcpus", "cpuMillis"] as const),
] as const;

/** What the cache wants its nodes to be. */
export async function nodeColumns(tx: Transaction, cache: FullCache): Promise<NodeColumns> {
	const { engine, engineVersion, parameterGroup, nodeType } = cache;
	const group = await findParameterGroup(tx, parameterGroup);
	const memoryBytes = Number(cache.nodeMemoryBytes);
	const usable = isServerless(cache)
		? shardBytesOf(memoryBytes)
		: usableMemoryBytes({
				...{ engine: engineSchema.parse(engine), memoryBytes },
				overrides: group?.overrides ?? {},
			});
	return {
		...{ engine, engineVersion, parameterGroup, nodeType },
		...{ memoryBytes: cache.nodeMemoryBytes, maxmemoryBytes: BigInt(usable) },
		...{ vcpus: cache.nodeVcpus, cpuMillis: cache.nodeCpuMillis },
	};
}
