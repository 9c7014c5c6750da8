import { cacheKindSchema, clusterModeSchema, engineSchema } from "../../contract/enums.ts";
import { persistenceSchema } from "../../contract/persistence.ts";
import type { SnapshotSource } from "../../contract/snapshot.ts";
import { type FullCache, holdersOf } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { findParameterGroup } from "../../data/parameter-groups.ts";
import type { Resources } from "../context.ts";

/** What the cache is now. */
export async function describeSource(
	{ fleet }: Resources,
	tx: Transaction,
	cache: FullCache,
): Promise<SnapshotSource> {
	const group = await findParameterGroup(tx, cache.parameterGroup);
	const holders = holdersOf(cache);
	const versions = holders.flatMap(
		({ id, observation }) => fleet.observation(id, observation)?.engineState?.version ?? [],
	);
	const used = holders.flatMap(({ id }) => fleet.metrics(id)?.memoryUsedBytes ?? []);
	return {
		engine: engineSchema.parse(cache.engine),
		engineVersion: versions[0] ?? cache.engineVersion,
		kind: cacheKindSchema.parse(cache.kind),
		clusterMode: clusterModeSchema.parse(cache.clusterMode),
		nodeType: cache.nodeType,
		nodeMemoryBytes: Number(cache.nodeMemoryBytes),
		replicasPerShard: cache.replicasPerShard,
		parameterGroup: cache.parameterGroup,
		parameters: group?.overrides ?? {},
		persistence: persistenceSchema.parse(cache.persistence),
		dataBytes:
			used.length < holders.length || used.length === 0
				? null
				: used.reduce((sum, bytes) => sum + bytes, 0),
	};
}
