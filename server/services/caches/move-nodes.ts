import type { ModifyCacheInput, ProgressStep } from "../../contract/index.ts";
import {
	allNodeRows,
	type FullCache,
	type FullNode,
	progressColumn,
	zonesColumn,
} from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { recordEvent } from "../../data/record-event.ts";
import { movedNode, moveStep } from "../../domain/cache/move-progress.ts";
import { nodeNames } from "../../domain/cache/node-label.ts";
import type { Placement } from "../../domain/placement/place-nodes.ts";
import type { Requester, Resources } from "../context.ts";
import { nodeColumns } from "../node-columns.ts";
import { placeSuccessor } from "../successor-place.ts";
import type { ChangeProblem } from "./change-problem.ts";
import { modifyingStatus } from "./modifying-status.ts";
import { describeMovesUnderWay, movingNodes } from "./moves-under-way.ts";
import { describeOpenOperation } from "./reshard-cache.ts";

/** One requested move. Without a place it cancels a move that is under way. */
export interface NodeMove {
	node: FullNode;
	to: { hostId: string | null; zone: string | null } | null;
	/** Where it would go now. */
	place: Placement | null;
}

type Move = NonNullable<ModifyCacheInput["moves"]>[number];

/** The requested moves, and why some can't be carried out. */
export async function resolveMoves(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	moves: readonly Move[] = [],
): Promise<{ moves: NodeMove[]; problems: ChangeProblem[] }> {
	const resolved: NodeMove[] = [];
	const problems: ChangeProblem[] = [];
	for (const [index, move] of moves.entries()) {
		const outcome = await resolveMove(resources, tx, row, move);
		if ("node" in outcome) resolved.push(outcome);
		else problems.push({ ...outcome, field: `moves.${index}.${outcome.field}` });
	}
	return { moves: resolved, problems };
}

async function resolveMove(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	move: Move,
): Promise<NodeMove | ChangeProblem> {
	const rows = allNodeRows(row);
	const node = rows.find(
		({ name, replacesNodeId }) => name === move.node && replacesNodeId === null,
	);
	const refuse = (field: string, message: string, code: ChangeProblem["code"]): ChangeProblem => {
		return { code, field, message };
	};
	if (row.availableAt === null) {
		const message = `Cache ${row.name} is ${row.status}; its nodes can be moved once it is available.`;
		return refuse("node", message, "conflict");
	}
	if (node === undefined) {
		const message = `Cache ${row.name} has no node ${move.node}; its nodes are ${nodeNames(rows)}`;
		return refuse("node", message, "invalid_argument");
	}
	const hosts = await tx.host.findMany({
		where: move.host === undefined ? { zone: move.zone ?? "" } : { name: move.host },
		select: { id: true, name: true, zone: true },
	});
	const field = move.host === undefined ? "zone" : "host";
	if (hosts.length === 0) {
		const message = `There is no host ${field === "zone" ? `in zone ${move.zone}` : move.host}`;
		return refuse(field, message, "invalid_argument");
	}
	const isThere = hosts.some(({ id }) => id === node.hostId);
	const isMoving = node.moveToHostId !== null || node.moveToZone !== null;
	if (isThere && isMoving) return { node, to: null, place: null };
	if (isThere) {
		const message = `${node.name} is already on ${node.host.name} (zone ${node.host.zone})`;
		return refuse(field, message, "invalid_argument");
	}
	const busy = whyBusy(row, node);
	if (busy !== null) return refuse("node", busy, "conflict");
	const unsuitable = whyUnsuitable(row, node, move, hosts);
	if (unsuitable !== null) return refuse(field, unsuitable, "conflict");
	const only = hosts.map(({ id }) => id);
	const size = await nodeColumns(tx, row);
	const place = await placeSuccessor(resources, tx, row, node, { size, only, hasEnded: false });
	if (!place.ok) return refuse(field, `${place.reason} ${place.remedy}`, "conflict");
	const spread = await spreadProblem(tx, row, node, place);
	if (spread !== null) return refuse(field, spread, "conflict");
	const to = {
		hostId: only.length === 1 && move.host ? place.hostId : null,
		zone: move.zone ?? null,
	};
	return { node, to, place };
}

/** A change that is under way; null if nothing is in the way. */
function whyBusy(row: FullCache, { name, leavingAt, joining }: FullNode): string | null {
	const open = describeOpenOperation(row) ?? describeMovesUnderWay(row);
	if (open !== null) return open;
	return row.resizedFrom === null && leavingAt === null && !joining
		? null
		: `The nodes of cache ${row.name} are being changed. Wait until that is done, then move ${name}.`;
}

/** Why a node can't be on any of these hosts, however much room they have; null if it can. */
function whyUnsuitable(
	row: FullCache,
	node: FullNode,
	{ host }: Move,
	hosts: readonly { id: string; name: string; zone: string }[],
): string | null {
	const zones = zonesColumn.parse(row.zones);
	const [first] = hosts;
	if (first !== undefined && zones !== null && hosts.every(({ zone }) => !zones.includes(zone))) {
		const where = host === undefined ? `not in ${first.zone}` : `but ${host} is in ${first.zone}`;
		return `The nodes of ${row.name} may be in the zones ${zones.join(", ")}, ${where}. Choose one of these zones, or first add ${first.zone} to the cache's zones.`;
	}
	const sibling = allNodeRows(row).find(
		(each) => each.shardId === node.shardId && each.host.name === host && each.name !== node.name,
	);
	return sibling === undefined
		? null
		: `${host} already has ${sibling.name} of the same shard. Choose another host.`;
}

/** Multi-AZ keeps a shard in two zones, so a move into the zone of all others is refused. */
async function spreadProblem(
	tx: Transaction,
	row: FullCache,
	node: FullNode,
	{ hostId }: Placement,
): Promise<string | null> {
	const { zone } = await tx.host.findUniqueOrThrow({ where: { id: hostId } });
	const siblings = allNodeRows(row).filter(
		(each) => each.shardId === node.shardId && each.name !== node.name,
	);
	if (!row.multiAz || siblings.length === 0) return null;
	return siblings.every(({ host }) => host.zone === zone)
		? `The move would put all nodes of the shard in zone ${zone}, but Multi-AZ is on. Choose another zone, or turn Multi-AZ off first.`
		: null;
}

/** Stores the moves; the reconciler carries them out, one at a time. */
export async function moveNodes(
	resources: Resources,
	caller: Requester,
	tx: Transaction,
	row: FullCache,
	moves: readonly NodeMove[],
): Promise<void> {
	const steps: ProgressStep[] = [];
	for (const { node, to, place } of moves) {
		await tx.node.update({
			where: { id: node.id },
			data: { moveToHostId: to?.hostId ?? null, moveToZone: to?.zone ?? null },
		});
		const host = place === null ? null : await tx.host.findUnique({ where: { id: place.hostId } });
		const goal = to?.hostId == null ? `zone ${to?.zone}` : host?.name;
		if (to !== null) steps.push(moveStep(node.name, goal ?? ""));
		await recordEvent(tx, resources.clock, {
			severity: "info",
			type: to === null ? "node.move-canceled" : "node.move-requested",
			message:
				to === null
					? `The move of ${node.name} was canceled by ${caller.name}.`
					: `Move of ${node.name} from ${node.host.name} to ${goal} requested by ${caller.name}.`,
			cacheName: row.name,
			nodeName: node.name,
			hostName: node.host.name,
		});
	}
	if (moves.length === 0) return;
	const names = moves.map(({ node }) => node.name);
	const others = progressColumn
		.parse(row.progress)
		.filter((step) => step.state !== "done" && !names.includes(movedNode(step) ?? ""));
	await tx.cache.update({
		where: { id: row.id },
		data: {
			...modifyingStatus(row, `${steps.length === 0 ? "Canceling moves" : "Moving nodes"}.`),
			progress: [...others, ...steps],
			// A pass that read the cache before this must not write its own status over it.
			generation: { increment: 1 },
		},
	});
}

/** Takes back all moves that a person has asked for. Returns whether there were any. */
export async function cancelMoves(
	resources: Resources,
	caller: Requester,
	tx: Transaction,
	row: FullCache,
): Promise<boolean> {
	const moves = movingNodes(row).map((node) => ({ node, to: null, place: null }));
	await moveNodes(resources, caller, tx, row, moves);
	return moves.length > 0;
}
