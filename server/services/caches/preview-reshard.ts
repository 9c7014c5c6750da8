import { engineSchema } from "../../contract/index.ts";
import { countSlots, readSlots, withoutSlots } from "../../contract/slots.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import { nodesPerShard } from "../../data/cache-mapping.ts";
import { shardName, wantedNodeCount } from "../../data/cache-view.ts";
import type { Transaction } from "../../data/database.ts";
import { copySeconds, leaveSeconds, moveSeconds } from "../../domain/cache/expected-time.ts";
import { movedData } from "../../domain/operation/moved-data.ts";
import type { Resources } from "../context.ts";
import { chooseNewPlaces } from "../new-places.ts";
import { planReshard, type ReshardPlan, type ReshardRequest } from "./reshard-cache.ts";

interface ReshardPreview {
	steps: string[];
	problems: { field: string; message: string }[];
	/** How many nodes the cache has after the change. */
	nodeCount: number;
	seconds: number;
}

/** What another number of shards, or other slots, would do now; null if it would change nothing. */
export async function previewReshard(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	request: ReshardRequest,
): Promise<ReshardPreview | null> {
	const plan = planReshard(resources, row, request);
	if (plan === null) return null;
	const shardCount = "shards" in request ? request.shards : row.shardCount;
	const problems = plan.problems.map(({ field, message }) => ({ field, message }));
	const members = nodesPerShard(row);
	if (Object.keys(plan.input.after).length === 0) {
		return { steps: [], problems, nodeCount: wantedNodeCount(row), seconds: 0 };
	}
	const growth = await additions(resources, tx, row, plan, members);
	return {
		steps: [...growth.steps, ...moves(row, plan), ...removals(row, plan)],
		problems: [...problems, ...growth.problems],
		nodeCount: wantedNodeCount({ ...row, shardCount }),
		seconds: secondsOf(row, plan),
	};
}

async function additions(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	{ newShards }: ReshardPlan,
	members: number,
): Promise<Pick<ReshardPreview, "steps" | "problems">> {
	if (newShards.length === 0) return { steps: [], problems: [] };
	const coming = newShards.map((shard) => ({
		...{ ...shard, cacheId: row.id, slots: "", primaryNodeId: null },
		...{
			replicas: null,
			failoverRequestedAt: null,
			failoverToNodeId: null,
			failoverCause: null,
			nodes: [],
		},
	}));
	const counts = [...row.shards.map(() => 0), ...coming.map(() => members)];
	const wanted = { ...row, shards: [...row.shards, ...coming] };
	const places = await chooseNewPlaces(resources, tx, wanted, counts);
	if (!places.ok) return { steps: [], problems: [{ field: "shards", message: places.reason }] };
	const hosts = await tx.host.findMany({ select: { id: true, name: true } });
	const nameOf = (id: string) => hosts.find((host) => host.id === id)?.name ?? id;
	const steps = newShards.map(({ index }) => {
		const on = (places.shards[index] ?? []).map(({ hostId }) => nameOf(hostId)).join(", ");
		return `Add shard ${shardName(index)} on ${on}.`;
	});
	return { steps, problems: [] };
}

function moves(row: FullCache, { input }: ReshardPlan): string[] {
	return row.shards.flatMap(({ id, index }) => {
		const kept = readSlots(input.after[id] ?? "");
		const count = countSlots(withoutSlots(readSlots(input.before[id] ?? ""), kept));
		return count === 0
			? []
			: [`Move ${count} slots with their keys from shard ${shardName(index)}.`];
	});
}

function secondsOf(row: FullCache, { newShards, slotCount, input }: ReshardPlan): number {
	const engine = engineSchema.parse(row.engine);
	const bytes = movedData(input, row.shards)?.bytes ?? 0;
	return (
		copySeconds(newShards.map(() => 0)) +
		moveSeconds(engine, row.engineVersion, slotCount, bytes) +
		leaveSeconds(engine, input.removed.length)
	);
}

function removals(row: FullCache, { input }: ReshardPlan): string[] {
	return row.shards
		.filter(({ id }) => input.removed.includes(id))
		.map(({ index, nodes }) => {
			const names = nodes.map(({ name }) => name).join(", ");
			return `Remove shard ${shardName(index)} once it is empty: ${names}.`;
		});
}
