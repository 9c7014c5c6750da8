import { engineSchema } from "../../contract/index.ts";
import { countSlots, readSlots, withoutSlots } from "../../contract/slots.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import { nodesPerShard } from "../../data/cache-mapping.ts";
import { shardName, wantedNodeCount } from "../../data/cache-view.ts";
import type { Transaction } from "../../data/database.ts";
import { copySeconds, leaveSeconds, moveSeconds } from "../../domain/cache/expected-time.ts";
import { movedData } from "../../domain/operation/moved-data.ts";
import { RoomClaims } from "../../domain/placement/room-claims.ts";
import type { Resources } from "../context.ts";
import { chooseNewPlaces } from "../new-places.ts";
import { emptyPreview, type PartPreview, type PreviewDelta } from "./part-preview.ts";
import { planReshard, type ReshardPlan, type ReshardRequest } from "./reshard-cache.ts";

interface ReshardPreview {
	part: PartPreview;
	/** How many nodes the cache has after the change. */
	nodeCount: number;
}

/** What another number of shards, or other slots, would do now; null if it would change nothing. */
export async function previewReshard(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	request: ReshardRequest,
	claims = new RoomClaims(),
): Promise<ReshardPreview | null> {
	const plan = planReshard(resources, row, request);
	if (plan === null) return null;
	const shardCount = "shards" in request ? request.shards : row.shardCount;
	const problems = plan.problems.map(({ field, message }) => ({ field, message }));
	const members = nodesPerShard(row);
	if (Object.keys(plan.input.after).length === 0) {
		return { part: { ...emptyPreview(), problems }, nodeCount: wantedNodeCount(row) };
	}
	const growth = await additions(resources, tx, row, plan, members, claims);
	for (const shard of row.shards.filter(({ id }) => plan.input.removed.includes(id))) {
		for (const node of shard.nodes) claims.giveBack(node.hostId, node);
	}
	const part: PartPreview = {
		...emptyPreview(),
		steps: [...growth.steps, ...moves(row, plan), ...removals(row, plan)],
		problems: [...problems, ...growth.problems],
		seconds: secondsOf(row, plan),
		deltas: [...layout(row, plan), ...growth.deltas],
	};
	return { part, nodeCount: wantedNodeCount({ ...row, shardCount }) };
}

async function additions(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	{ newShards }: ReshardPlan,
	members: number,
	claims: RoomClaims,
): Promise<PartPreview> {
	if (newShards.length === 0) return emptyPreview();
	const coming = newShards.map((shard) => ({
		...{ ...shard, cacheId: row.id, slots: "", primaryNodeId: null },
		...{
			replicas: null,
			failoverRequestedAt: null,
			failoverToNodeId: null,
			failoverCause: null,
			restore: null,
			nodes: [],
		},
	}));
	const counts = [...row.shards.map(() => 0), ...coming.map(() => members)];
	const wanted = { ...row, shards: [...row.shards, ...coming] };
	const places = await chooseNewPlaces(resources, tx, wanted, counts, claims);
	if (!places.ok) {
		return { ...emptyPreview(), problems: [{ field: "shards", message: places.reason }] };
	}
	const size = { memoryBytes: row.nodeMemoryBytes, cpuMillis: row.nodeCpuMillis };
	for (const { hostId } of places.shards.flat()) claims.take(hostId, size);
	const hosts = await tx.host.findMany({ select: { id: true, name: true } });
	const nameOf = (id: string) => hosts.find((host) => host.id === id)?.name ?? id;
	const steps = newShards.map(({ index }) => {
		const on = (places.shards[index] ?? []).map(({ hostId }) => nameOf(hostId)).join(", ");
		return `Add shard ${shardName(index)} on ${on}.`;
	});
	const deltas = newShards.flatMap(({ index }) =>
		(places.shards[index] ?? []).map(({ hostId }, order): PreviewDelta => {
			const role = order === 0 ? "primary" : "replica";
			return { kind: "add-node", shard: shardName(index), hostId, role };
		}),
	);
	return { ...emptyPreview(), steps, deltas };
}

/** Which slots the shards will have, and which shards come or go with their nodes. */
function layout(row: FullCache, { input, newShards }: ReshardPlan): PreviewDelta[] {
	const slotsOf = (id: string) => input.after[id] ?? "";
	const coming = newShards.map(({ id, index }): PreviewDelta => {
		return { kind: "shard", id: shardName(index), change: "added", slots: slotsOf(id) };
	});
	const present = row.shards.flatMap(({ id, index, nodes }): PreviewDelta[] => {
		const isLeaving = input.removed.includes(id);
		const change = isLeaving ? "removed" : "none";
		return [
			{ kind: "shard", id: shardName(index), change, slots: slotsOf(id) },
			...(isLeaving ? nodes : []).map(({ name }) => ({ kind: "remove-node", node: name }) as const),
		];
	});
	return [...present, ...coming];
}

function moves(row: FullCache, { input }: ReshardPlan): string[] {
	return row.shards.flatMap(({ id, index }) => {
		const kept = readSlots(input.after[id] ?? "");
		const count = countSlots(withoutSlots(readSlots(input.before[id] ?? ""), kept));
		return count === 0
			? []
			: [
					`Move ${count} ${count === 1 ? "slot with its keys" : "slots with their keys"} from shard ${shardName(index)}.`,
				];
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
