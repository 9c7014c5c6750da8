import type { Refusal, ShapeChange } from "../../contract/cache-shape.ts";
import type { ChangePreview, ModifyCacheInput } from "../../contract/index.ts";
import { type FullCache, toCacheModel } from "../../data/cache-mapping.ts";
import { shardName, wantedNodeCount } from "../../data/cache-view.ts";
import type { Transaction } from "../../data/database.ts";
import type { CacheModel, NodeModel, ShardModel } from "../../domain/cache/model.ts";
import { inOrderOfLeaving, lacksOf, membersOf } from "../../domain/cache/plan-size.ts";
import type { Resources } from "../context.ts";
import { chooseNewPlaces } from "../new-places.ts";
import { shapeOf, shapeProblems, sizeAfter } from "./change-shape.ts";
import { findStayingCache } from "./find-cache.ts";
import { previewReshard } from "./preview-reshard.ts";
import { SEPARATELY } from "./reshard-cache.ts";

/** What the change would do now, and what is in its way. A forecast: room may come and go. */
export async function previewChange(
	resources: Resources,
	input: ModifyCacheInput,
): Promise<ChangePreview> {
	return resources.db.$transaction(async (tx) => {
		const row = await findStayingCache(tx, input.name);
		const change = shapeOf(input);
		const size = sizeAfter(row, change);
		const wanted = { ...row, replicasPerShard: size.replicasPerShard, nodeCount: size.nodes };
		const refusals = shapeProblems(row, change).map(({ field, message }) => ({ field, message }));
		const model = toCacheModel(wanted, resources);
		const reshard = await previewReshard(resources, tx, row, input.shards);
		const isBoth = reshard !== null && size.replicasPerShard !== row.replicasPerShard;
		const bothAtOnce = isBoth ? [{ field: "shards", message: SEPARATELY }] : [];
		const growth = await additions(resources, tx, wanted, model);
		const leavers = model.shards.map((shard) => leaversOf(model, shard));
		const nodeBytes = Number(row.nodeMemoryBytes);
		return {
			steps: [
				...switches(row, change),
				...growth.steps,
				...leavers.flat().map(removal),
				...(reshard?.steps ?? []),
			],
			restarts: [],
			failovers: model.shards
				.filter(({ primaryNodeId }, index) =>
					leavers[index]?.some(({ id }) => id === primaryNodeId),
				)
				.map(({ index }) => shardName(index)),
			memoryBytes: {
				before: wantedNodeCount(row) * nodeBytes,
				after: (reshard?.nodeCount ?? wantedNodeCount(wanted)) * nodeBytes,
			},
			problems: [...refusals, ...growth.problems, ...(reshard?.problems ?? []), ...bothAtOnce],
		};
	});
}

async function additions(
	resources: Resources,
	tx: Transaction,
	wanted: FullCache,
	model: CacheModel,
): Promise<{ steps: string[]; problems: Pick<Refusal, "field" | "message">[] }> {
	const lacks = lacksOf(model);
	if (lacks.every((count) => count === 0)) return { steps: [], problems: [] };
	const places = await chooseNewPlaces(resources, tx, wanted, lacks);
	const isMemcached = wanted.engine === "memcached";
	if (!places.ok) {
		const field = isMemcached ? "nodes" : "replicasPerShard";
		return { steps: [], problems: [{ field, message: places.reason }] };
	}
	const hosts = await tx.host.findMany({ select: { id: true, name: true, zone: true } });
	const steps = places.shards.flatMap((shard, index) =>
		shard.map(({ hostId }) => {
			const host = hosts.find(({ id }) => id === hostId);
			const what = isMemcached ? "a node" : `a replica to shard ${shardName(index)}`;
			return `Add ${what} on ${host?.name} (zone ${host?.zone}).`;
		}),
	);
	return { steps, problems: [] };
}

/** Those that would leave, in turn. */
function leaversOf(model: CacheModel, shard: ShardModel): NodeModel[] {
	const [next] =
		membersOf(shard).length > model.nodesPerShard ? inOrderOfLeaving(model, shard) : [];
	if (next === undefined) return [];
	const rest = { ...shard, nodes: shard.nodes.filter((node) => node !== next) };
	const shards = model.shards.map((each) => (each === shard ? rest : each));
	return [next, ...leaversOf({ ...model, shards }, rest)];
}

function removal({ name, host }: NodeModel): string {
	return `Remove ${name} from ${host.name} (zone ${host.zone}).`;
}

function switches(row: FullCache, { multiAz, automaticFailover }: ShapeChange): string[] {
	const turn = (name: string, now: boolean, then: boolean | undefined) =>
		then === undefined || then === now ? [] : [`Turn ${name} ${then ? "on" : "off"}.`];
	return [
		...turn("Multi-AZ", row.multiAz, multiAz),
		...turn("automatic failover", row.automaticFailover, automaticFailover),
	];
}
