import {
	type ChangePreview,
	type ModifyCacheInput,
	nextWindow,
	windowTimeText,
} from "../../contract/index.ts";
import { allNodeRows, type FullCache, toCacheModel } from "../../data/cache-mapping.ts";
import { shardName, wantedNodeCount } from "../../data/cache-view.ts";
import type { Transaction } from "../../data/database.ts";
import { readSnapshot } from "../../data/read-snapshot.ts";
import { copySeconds, leaveSeconds } from "../../domain/cache/expected-time.ts";
import {
	type CacheModel,
	type NodeModel,
	nodesWanted,
	type ShardModel,
} from "../../domain/cache/model.ts";
import { inOrderOfLeaving, lacksOf, membersOf } from "../../domain/cache/plan-size.ts";
import { RoomClaims } from "../../domain/placement/room-claims.ts";
import type { Resources } from "../context.ts";
import { chooseNewPlaces } from "../new-places.ts";
import { assemblePreview } from "./assemble-preview.ts";
import { withKind } from "./change-kind.ts";
import { entersClusterMode, previewMode } from "./change-mode.ts";
import { previewPersistence } from "./change-persistence.ts";
import { previewProtocol } from "./change-protocol.ts";
import { limitsProblems } from "./change-serverless.ts";
import { resolveShape, type ShapeAfter } from "./change-shape.ts";
import { findStayingCache } from "./find-cache.ts";
import { orderOf, shareAfter, withoutLeavers, withShape } from "./following-parts.ts";
import { emptyPreview, type PartPreview } from "./part-preview.ts";
import type { PartOrder } from "./parts-of-change.ts";
import { previewKind } from "./preview-kind.ts";
import { previewMoves } from "./preview-moves.ts";
import { previewReboots } from "./preview-reboots.ts";
import { previewReshard } from "./preview-reshard.ts";
import { withSize } from "./resolve-size.ts";
import { usedBytes } from "./used-bytes.ts";

/** What the change would do now, and what is in its way. A forecast: room may come and go. */
export async function previewChange(
	resources: Resources,
	input: ModifyCacheInput,
): Promise<ChangePreview> {
	return readSnapshot(resources.db, async (tx) => {
		const row = await findStayingCache(tx, input.name);
		const order = await orderOf(tx, row, input);
		const share = order === "shards-first" ? shareAfter(row, input) : 1;
		// The parameter group of a cache that gets cluster mode is one for that mode.
		const nodes = order === "mode-first" ? { ...input, parameterGroup: undefined } : input;
		const shape = await resolveShape(resources, tx, row, nodes, share);
		const { kind, zones, ...count } = shape.after;
		const named = new Set(shape.leaving.map(({ id }) => id));
		const wanted = { ...withLeavers(withSize(withKind(row, kind), count), named), zones };
		const present = order === "shards-first" ? row : await withShape(resources, tx, row, input);
		const { shards: shardCount, weightBy } = input;
		const growing = order === "size-last" ? withoutLeavers(wanted, input) : wanted;
		const claims = new RoomClaims();
		let nodeCount = wantedNodeCount(wanted);
		const previews = {
			size: async () => [
				{ ...emptyPreview(), steps: switches(row, shape) },
				await previewSize(resources, tx, growing, claims),
			],
			kind: async () => [
				await previewKind(resources, tx, row, wanted, claims),
				await previewReboots(resources, tx, row, nodes),
			],
			mode: async () => [await previewMode(resources, tx, withKind(row, kind), input)],
			shards: async () => {
				if (shardCount === undefined) return [];
				const request = { shards: shardCount, weightBy };
				const reshard = await previewReshard(resources, tx, present, request, claims);
				nodeCount = reshard?.nodeCount ?? nodeCount;
				return reshard === null ? [] : [reshard.part];
			},
		};
		const parts: PartPreview[] = input.apply === "window" ? [waiting(resources, row)] : [];
		for (const part of IN_ORDER[order]) parts.push(...(await previews[part]()));
		parts.push(
			await previewMoves(resources, tx, row, input),
			previewProtocol(resources, row, input),
			previewPersistence(row, input),
		);
		const problems = [...limitsProblems(resources, row, input), ...shape.problems].map(
			({ field, message }) => ({ field, message }),
		);
		return {
			...(await assemblePreview(resources, tx, row, { wanted, nodeCount }, [
				{ ...emptyPreview(), problems },
				...parts,
			])),
			irreversible: shape.isUpgrade || entersClusterMode(row, input),
		};
	});
}

/** Each part is previewed with the room that those before it leave. */
const IN_ORDER = {
	"nodes-first": ["size", "kind", "shards"],
	"shards-first": ["shards", "size", "kind"],
	"size-last": ["kind", "shards", "size"],
	"mode-first": ["size", "kind", "mode", "shards"],
} as const satisfies Record<PartOrder, readonly string[]>;

function waiting({ clock }: Resources, { maintenanceWindow }: FullCache): PartPreview {
	const { startsAt } = nextWindow(maintenanceWindow, clock.now());
	const isOpen = startsAt <= clock.now();
	const step = `Wait for the maintenance window (${maintenanceWindow} UTC), which ${isOpen ? "is open" : `opens at ${windowTimeText(startsAt)}`}.`;
	return { ...emptyPreview(), steps: [step] };
}

function withLeavers(row: FullCache, named: ReadonlySet<string>): FullCache {
	return {
		...row,
		shards: row.shards.map((shard) => ({
			...shard,
			nodes: shard.nodes.map((node) => ({ ...node, leavesFirst: named.has(node.id) })),
		})),
	};
}

async function previewSize(
	resources: Resources,
	tx: Transaction,
	wanted: FullCache,
	claims: RoomClaims,
): Promise<PartPreview> {
	const model = toCacheModel(wanted, resources);
	const growth = await additions(resources, tx, wanted, model, claims);
	const leavers = model.shards.map((shard) => leaversOf(model, shard));
	const leaving = new Set(leavers.flat().map(({ id }) => id));
	for (const node of allNodeRows(wanted)) {
		if (leaving.has(node.id)) claims.giveBack(node.hostId, node);
	}
	return {
		...growth,
		seconds: growth.seconds + leaveSeconds(model.engine, leavers.flat().length),
		steps: [...growth.steps, ...leavers.flat().map(removal)],
		deltas: [
			...growth.deltas,
			...leavers.flat().map(({ name }) => ({ kind: "remove-node", node: name }) as const),
		],
		failovers: model.shards
			.filter(({ primaryNodeId }, index) => leavers[index]?.some(({ id }) => id === primaryNodeId))
			.map(({ index }) => shardName(index)),
	};
}

async function additions(
	resources: Resources,
	tx: Transaction,
	wanted: FullCache,
	model: CacheModel,
	claims: RoomClaims,
): Promise<PartPreview> {
	const lacks = lacksOf(model);
	if (lacks.every((count) => count === 0)) return emptyPreview();
	const places = await chooseNewPlaces(resources, tx, wanted, lacks, claims);
	const isMemcached = wanted.engine === "memcached";
	if (!places.ok) {
		const field = isMemcached ? "nodes" : "replicasPerShard";
		return { ...emptyPreview(), problems: [{ field, message: places.reason }] };
	}
	const size = { memoryBytes: wanted.nodeMemoryBytes, cpuMillis: wanted.nodeCpuMillis };
	for (const { hostId } of places.shards.flat()) claims.take(hostId, size);
	const hosts = await tx.host.findMany({ select: { id: true, name: true, zone: true } });
	const steps = places.shards.flatMap((shard, index) =>
		shard.map(({ hostId }) => {
			const host = hosts.find(({ id }) => id === hostId);
			const what = isMemcached ? "a node" : `a replica to shard ${shardName(index)}`;
			return `Add ${what} on ${host?.name} (zone ${host?.zone}).`;
		}),
	);
	const copied = model.shards.flatMap(({ primaryNodeId }, index) =>
		(lacks[index] ?? 0) === 0 ? [] : [usedBytes(resources, { id: primaryNodeId ?? "" })],
	);
	const deltas = places.shards.flatMap((shard, index) =>
		shard.map(({ hostId }) => {
			const role = isMemcached ? "node" : "replica";
			return {
				kind: "add-node",
				shard: shardName(model.shards[index]?.index ?? index),
				hostId,
				role,
			} as const;
		}),
	);
	return { ...emptyPreview(), steps, deltas, seconds: copySeconds(copied) };
}

/** The nodes that would leave, in that order. */
function leaversOf(model: CacheModel, shard: ShardModel): NodeModel[] {
	const [next] =
		membersOf(shard).length > nodesWanted(model, shard) ? inOrderOfLeaving(model, shard) : [];
	if (next === undefined) return [];
	const rest = { ...shard, nodes: shard.nodes.filter((node) => node !== next) };
	const shards = model.shards.map((each) => (each === shard ? rest : each));
	return [next, ...leaversOf({ ...model, shards }, rest)];
}

function removal({ name, host }: NodeModel): string {
	return `Remove ${name} from ${host.name} (zone ${host.zone}).`;
}

function switches(
	row: FullCache,
	{ change: { multiAz, automaticFailover } }: ShapeAfter,
): string[] {
	const turn = (name: string, now: boolean, then: boolean | undefined) =>
		then === undefined || then === now ? [] : [`Turn ${name} ${then ? "on" : "off"}.`];
	return [
		...turn("Multi-AZ", row.multiAz, multiAz),
		...turn("automatic failover", row.automaticFailover, automaticFailover),
	];
}
