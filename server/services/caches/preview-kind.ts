import { engineSchema } from "../../contract/enums.ts";
import { formatCpus, formatGib } from "../../contract/units.ts";
import {
	allNodeRows,
	type FullCache,
	type FullNode,
	zonesColumn,
} from "../../data/cache-mapping.ts";
import { shardName } from "../../data/cache-view.ts";
import type { Transaction } from "../../data/database.ts";
import { enginesColumn } from "../../data/host-mapping.ts";
import { copySeconds, RESIZE_SECONDS, restartSeconds } from "../../domain/cache/expected-time.ts";
import { engineTitle, isOutOfZone } from "../../domain/cache/node-kind.ts";
import { versionFits } from "../../domain/engines/versions.ts";
import type { RoomClaims } from "../../domain/placement/room-claims.ts";
import type { Resources } from "../context.ts";
import { mayResize } from "../host-room.ts";
import { type NodeColumns, nodeColumns } from "../node-columns.ts";
import { placeSuccessor } from "../successor-place.ts";
import { runs } from "./change-kind.ts";
import { primariesLast } from "./order-reboots.ts";
import { emptyPreview, type PartPreview } from "./part-preview.ts";
import { usedBytes } from "./used-bytes.ts";

/** How each node would become what the cache wants: in place, by a successor, or by a restart. */
export async function previewKind(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	wanted: FullCache,
	claims: RoomClaims,
): Promise<PartPreview> {
	const preview = emptyPreview();
	const columns = await nodeColumns(tx, wanted);
	const kind = { engine: engineSchema.parse(wanted.engine), engineVersion: wanted.engineVersion };
	const zones = zonesColumn.parse(wanted.zones);
	const present = allNodeRows(row).filter(
		({ replacesNodeId, leavingAt }) => replacesNodeId === null && leavingAt === null,
	);
	for (const shard of row.shards) {
		const members = present.filter(({ shardId }) => shardId === shard.id);
		for (const node of primariesLast(row, members)) {
			const isLeader = node.id === shard.primaryNodeId;
			const scene = {
				...{
					resources,
					tx,
					claims,
					wanted,
					node,
					columns,
					isLeader,
					isAlone: members.length === 1,
				},
				shard: shardName(shard.index),
			};
			if (!runs(resources, node, kind)) await addEngine(preview, scene);
			else if (isOutOfZone({ zones }, node)) await addMove(preview, scene);
			else if (node.nodeType !== columns.nodeType) await addSize(preview, scene);
		}
	}
	return preview;
}

interface Scene {
	resources: Resources;
	tx: Transaction;
	claims: RoomClaims;
	wanted: FullCache;
	node: FullNode;
	columns: NodeColumns;
	isLeader: boolean;
	isAlone: boolean;
	shard: string;
}

/** Adds the move of a node that is outside the cache's zones. */
async function addMove(preview: PartPreview, scene: Scene): Promise<void> {
	const problem = await addSuccessor(preview, scene, scene.columns.nodeType);
	if (problem !== null) preview.problems.push({ field: "zones", message: problem });
}

async function addSize(preview: PartPreview, scene: Scene): Promise<void> {
	const { resources, tx, claims, node, columns } = scene;
	if (await mayResize(resources, tx, node, columns, claims)) {
		claims.take(node.hostId, columns);
		claims.giveBack(node.hostId, node);
		const size = `${columns.nodeType} (${formatGib(Number(columns.memoryBytes))}, ${formatCpus(columns.vcpus * 1_000)})`;
		preview.seconds += RESIZE_SECONDS;
		preview.deltas.push({ kind: "change-node", node: node.name });
		preview.steps.push(`Resize ${node.name} on ${node.host.name} to ${size}. It isn't restarted.`);
		return;
	}
	const problem = await addSuccessor(preview, scene, columns.nodeType);
	if (problem !== null) preview.problems.push({ field: "nodeType", message: problem });
}

async function addEngine(preview: PartPreview, scene: Scene): Promise<void> {
	const { node, columns, isLeader, isAlone, shard } = scene;
	const engine = engineSchema.parse(columns.engine);
	const title = engineTitle(engine, columns.engineVersion);
	const problem = await addSuccessor(preview, scene, title);
	if (problem === null) return;
	const mayRenew =
		node.engine === engine &&
		enginesColumn
			.parse(node.host.engines)
			.some((each) => each.engine === engine && versionFits(each.version, columns.engineVersion));
	if (!mayRenew) {
		preview.problems.push({ field: "engineVersion", message: problem });
		return;
	}
	const handsOver = isLeader && !isAlone;
	const before = handsOver
		? `Fail over from ${node.name} to a replica, then restart ${node.name}`
		: `Restart ${node.name}`;
	const after = isAlone
		? " Requests fail until it is back; its data is kept. Room for a replacement would avoid that."
		: "";
	preview.steps.push(
		`${before} on ${node.host.name} with ${title}: no host has room for a replacement.${after}`,
	);
	preview.restarts.push(node.name);
	preview.deltas.push({ kind: "change-node", node: node.name });
	preview.seconds += restartSeconds(usedBytes(scene.resources, node));
	if (handsOver) preview.failovers.push(shard);
}

/** Adds the steps of a successor, or returns why there is no place for one. */
async function addSuccessor(
	preview: PartPreview,
	{ resources, tx, claims, wanted, node, columns, isLeader, shard }: Scene,
	what: string,
): Promise<string | null> {
	const place = await placeSuccessor(resources, tx, wanted, node, {
		...{ size: columns, only: null, hasEnded: false, claims },
	});
	if (!place.ok) return `${node.name}: ${place.reason} ${place.remedy}`;
	claims.take(place.hostId, columns);
	claims.giveBack(node.hostId, node);
	const host = await tx.host.findUniqueOrThrow({ where: { id: place.hostId } });
	preview.seconds += copySeconds([usedBytes(resources, node)]);
	preview.deltas.push({ kind: "replace-node", node: node.name, hostId: place.hostId });
	const where = `${host.name} (zone ${host.zone})`;
	const base = `Replace ${node.name} on ${node.host.name} with a new node (${what}) on ${where}`;
	if (wanted.engine === "memcached") {
		preview.steps.push(`${base}. It starts empty: the data of ${node.name} is lost.`);
	} else if (isLeader) {
		preview.steps.push(`${base}. It copies the data, then ${node.name} hands over to it.`);
		preview.failovers.push(shard);
	} else preview.steps.push(`${base}. It copies the data.`);
	return null;
}
