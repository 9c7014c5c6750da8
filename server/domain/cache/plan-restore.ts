import type { CacheModel, NodeModel, PlanAction, RestoreModel, ShardModel } from "./model.ts";
import { primaryOf } from "./model.ts";
import { isServingPrimary, isSilent } from "./node-health.ts";

export interface RestorePlan {
	readonly actions: PlanAction[];
	/** Every primary has loaded its part, and as many keys have arrived as the snapshot has. */
	readonly isLoaded: boolean;
	/** What a person should know: sentences. */
	readonly reasons: string[];
}

/**
 * A cache that begins with the data of a snapshot: each primary loads its part when it starts. The restore isn't over yet
 * when all have: until the cache can become available, a primary that dies must load its part again.
 */
export function planRestore(cache: CacheModel): RestorePlan {
	const shards = cache.shards.flatMap((shard) => {
		const primary = primaryOf(shard);
		return shard.restore === null || primary === undefined
			? []
			: [{ shard, restore: shard.restore, primary }];
	});
	const [first] = shards;
	if (first === undefined) return { actions: [], isLoaded: false, reasons: [] };
	const actions = shards
		.filter(({ restore, primary }) => restore.hostId !== primary.host.id)
		.map(({ shard }) => ({ kind: "prepare-restore", shardId: shard.id }) as const);
	if (actions.length > 0) return { actions, isLoaded: false, reasons: [] };
	const loaded = shards.map(({ shard, restore, primary }) => loadedKeys(shard, restore, primary));
	const wrong = shards.find((_, index) => loaded[index] === "another-number");
	if (wrong !== undefined) {
		return { actions: [], isLoaded: false, reasons: [describeWrong(wrong.primary)] };
	}
	const counts = loaded.filter((each) => typeof each === "number");
	if (counts.length < shards.length) return { actions: [], isLoaded: false, reasons: [] };
	const sum = counts.reduce((a, b) => a + b, 0);
	const { snapshotName, totalKeys } = first.restore;
	if (sum === totalKeys) return { actions: [], isLoaded: true, reasons: [] };
	return {
		actions: [],
		isLoaded: false,
		reasons: [
			`Its nodes have loaded ${sum} keys, but snapshot ${snapshotName} has ${totalKeys}. Delete the cache, and restore the snapshot again.`,
		],
	};
}

/** How many keys the primary has loaded; null while it hasn't. */
function loadedKeys(
	shard: ShardModel,
	{ id }: RestoreModel,
	primary: NodeModel,
): number | "another-number" | null {
	const { observation } = primary;
	const report = observation?.restore;
	if (report?.id !== id || report.phase !== "ready" || report.keys === null) return null;
	if (!isServingPrimary(primary, shard) || isSilent(primary)) return null;
	const loaded = observation?.engineState?.loadedKeys ?? 0;
	return loaded === report.keys ? loaded : "another-number";
}

function describeWrong({ name, observation }: NodeModel): string {
	const loaded = observation?.engineState?.loadedKeys ?? 0;
	return `${name} has loaded ${loaded} keys, but its part of the snapshot has ${observation?.restore?.keys}. Delete the cache, and restore the snapshot again.`;
}
