import { engineSchema } from "../../contract/enums.ts";
import { familyOf } from "../../contract/offered-versions.ts";
import { evenSlots, formatSlots } from "../../contract/slots.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { modeChangeOf } from "../../data/mode-change-column.ts";
import { findParameterGroup } from "../../data/parameter-groups.ts";
import { defaultGroupName } from "../../domain/parameters/index.ts";
import type { Resources } from "../../services/context.ts";
import { keepPorts } from "../../services/keep-ports.ts";
import { type NodeColumns, nodeColumns } from "../../services/node-columns.ts";

/**
 * Makes a cache with cluster mode disabled one with a single shard that has all slots. Its configuration endpoint gets the
 * port of its primary endpoint; its reader endpoint goes, and other caches don't get that port for a while. Its nodes keep
 * their names and ports. Returns what its nodes get from the parameter group that it has from now on.
 */
export async function becomeCluster(
	{ clock }: Resources,
	tx: Transaction,
	cache: FullCache,
): Promise<Pick<NodeColumns, "parameterGroup" | "maxmemoryBytes">> {
	const engine = engineSchema.parse(cache.engine);
	const present = await findParameterGroup(tx, cache.parameterGroup);
	const family = present?.family ?? familyOf(engine, cache.engineVersion);
	// A group that was chosen may have been deleted since.
	const chosen = modeChangeOf(cache)?.parameterGroup ?? null;
	const group = chosen === null ? null : await findParameterGroup(tx, chosen);
	const parameterGroup = group?.name ?? defaultGroupName(family, "enabled");
	await tx.cache.updateMany({
		where: { id: cache.id },
		data: { clusterMode: "enabled", automaticFailover: true, readerPort: null, parameterGroup },
	});
	await tx.shard.updateMany({
		where: { cacheId: cache.id },
		data: { slots: formatSlots([evenSlots(1, 0)]) },
	});
	const { name: cacheName, readerPort } = cache;
	if (readerPort !== null) {
		await keepPorts(tx, [{ hostId: "", port: readerPort, cacheName, releasedAt: clock.now() }]);
	}
	const { maxmemoryBytes } = await nodeColumns(tx, { ...cache, parameterGroup });
	return { parameterGroup, maxmemoryBytes };
}
