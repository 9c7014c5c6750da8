import { clusterModeSchema } from "../../contract/enums.ts";
import { allNodeRows, type FullCache, type FullNode } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { findParameterGroup, type StoredParameterGroup } from "../../data/parameter-groups.ts";
import { resolveParameters } from "../../domain/parameters/index.ts";
import type { Resources } from "../context.ts";

/** The nodes that need a restart to take all parameters: of the present group, or of one that they will be given. */
export async function nodesToRestart(
	{ fleet }: Resources,
	tx: Transaction,
	row: FullCache,
	next: StoredParameterGroup | null,
): Promise<FullNode[]> {
	const present = await findParameterGroup(tx, row.parameterGroup);
	const isOther =
		next !== null && present !== null && fixedValues(row, next) !== fixedValues(row, present);
	return allNodeRows(row).filter((node) => {
		const pending = fleet.observation(node.id, node.observation)?.pendingParameters ?? [];
		return isOther || pending.length > 0;
	});
}

/** The values that a running engine doesn't take. */
function fixedValues(row: FullCache, { family, overrides }: StoredParameterGroup): string {
	const parameters = resolveParameters({
		...{ family, overrides, replicasPerShard: row.replicasPerShard },
		clusterMode: clusterModeSchema.parse(row.clusterMode),
	});
	return JSON.stringify(parameters.filter(({ live }) => !live));
}
