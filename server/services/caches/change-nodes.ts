import { changeWords } from "../../contract/change-words.ts";
import { AppError, type ModifyCacheInput } from "../../contract/index.ts";
import { type FullCache, toCacheModel } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { readPending, writePending } from "../../data/pending-changes.ts";
import { recordEvent } from "../../data/record-event.ts";
import { isChanging } from "../../domain/cache/plan-pending.ts";
import { bumpRoutes, wakeGateways, wakeHosts } from "../bump-hosts.ts";
import type { Requester, Resources } from "../context.ts";
import { applyGroup, newGroup } from "./change-group.ts";
import { modeProblems, startModeChange } from "./change-mode.ts";
import { throwFirst } from "./change-problem.ts";
import { changeShape } from "./change-shape.ts";
import { findStayingCache } from "./find-cache.ts";
import { orderOf, problemsOfParts } from "./following-parts.ts";
import { moveNodes, resolveMoves } from "./move-nodes.ts";
import { orderReboots } from "./order-reboots.ts";
import {
	type ChangePart,
	changesNodes,
	type NodeChanges,
	nodeChangesOf,
	partsOf,
} from "./parts-of-change.ts";
import { nodesToRestart } from "./pending-reboots.ts";
import { reshard } from "./reshard-cache.ts";

type After = (commit: () => void) => void;

/**
 * Stores a change to a cache's nodes; the reconciler carries it out. Parts that can't be done at the same time wait in
 * `pendingChanges`, and the reconciler starts them one after another. The caller must hold the cache's lock, and its
 * hosts' locks for a change that they must learn of. Throws `conflict` while another change is under way or still to
 * come, unless this one takes it back, and `invalid_argument` for what the cache can't become.
 */
export async function changeNodes(
	resources: Resources,
	requester: Requester,
	tx: Transaction,
	row: FullCache,
	input: ModifyCacheInput,
	after: After,
): Promise<void> {
	const changes = nodeChangesOf(input);
	if (!changesNodes(changes)) return;
	refuseBeforeNext(row);
	const parts = partsOf(changes, await orderOf(tx, row, changes));
	if (parts.length > 1)
		throwFirst((await problemsOfParts(resources, tx, row, parts)).slice(1).flat());
	const waiting: NodeChanges = {};
	let isRerouted = false;
	for (const part of parts) {
		const now = await findStayingCache(tx, row.name);
		if (isUnderWay(resources, now) && !isUnderWay(resources, row))
			Object.assign(waiting, part.changes);
		else if (await startPart(resources, requester, tx, now, part, after)) isRerouted = true;
	}
	if (Object.keys(waiting).length > 0) {
		const now = await findStayingCache(tx, row.name);
		const requestedAt = resources.clock.now().toISOString();
		const next = { changes: { ...waiting }, requestedAt, requestedBy: requester.name };
		await writePending(tx, row.id, { ...readPending(now), next });
	}
	if (!isRerouted) return;
	// Last, by the order of locks.
	await bumpRoutes(tx, [row.id]);
	after(() => wakeGateways(resources));
}

/** What follows the change that is under way is part of it. */
export function refuseBeforeNext(row: FullCache): void {
	const { next } = readPending(row);
	if (next === null) return;
	throw new AppError(
		"conflict",
		`Cache ${row.name} is being changed, and more changes (${changeWords(next.changes)}) will follow. Wait until they are done, or cancel them.`,
	);
}

function isUnderWay(resources: Resources, row: FullCache): boolean {
	return isChanging(toCacheModel(row, resources));
}

/** Returns whether gateways must learn of it. */
async function startPart(
	resources: Resources,
	requester: Requester,
	tx: Transaction,
	row: FullCache,
	{ kind, changes }: ChangePart,
	after: After,
): Promise<boolean> {
	const input: ModifyCacheInput = { ...changes, name: row.name };
	switch (kind) {
		case "shape":
			return await startShape(resources, requester, tx, row, input, after);
		case "mode": {
			throwFirst(await modeProblems(resources, tx, row, changes));
			const { parameterGroup } = changes;
			await startModeChange(resources, requester, tx, row, { parameterGroup, to: "cluster mode" });
			return false;
		}
		case "shards":
			await changeShards(resources, requester, tx, row, changes);
			return false;
		case "moves": {
			const { moves, problems } = await resolveMoves(resources, tx, row, changes.moves);
			throwFirst(problems);
			await moveNodes(resources, requester, tx, row, moves);
			return false;
		}
	}
}

async function changeShards(
	resources: Resources,
	requester: Requester,
	tx: Transaction,
	row: FullCache,
	{ shards, weightBy }: NodeChanges,
): Promise<void> {
	if (shards !== undefined) await reshard(resources, requester, tx, row, { shards, weightBy });
}

async function startShape(
	resources: Resources,
	requester: Requester,
	tx: Transaction,
	before: FullCache,
	input: ModifyCacheInput,
	after: After,
): Promise<boolean> {
	const isSwitched = await changeShape(resources, requester, tx, before, input, after);
	const row = await findStayingCache(tx, input.name);
	const group = await newGroup(tx, row, input.parameterGroup);
	if (group !== null) {
		await tx.cache.update({ where: { id: row.id }, data: { parameterGroup: group.name } });
		const hostIds = await applyGroup(tx, row, group);
		after(() => wakeHosts(resources, hostIds));
	}
	if (input.applyPending === true) {
		const pending = await nodesToRestart(resources, tx, row, group);
		const now = await findStayingCache(tx, input.name);
		if (pending.length > 0) await orderReboots(resources, requester, tx, now, pending);
	}
	const words = [
		...(input.parameterGroup === undefined ? [] : ["parameter group"]),
		...(input.multiAz === undefined ? [] : ["Multi-AZ"]),
		...(input.automaticFailover === undefined ? [] : ["automatic failover"]),
	];
	await noteModified(resources, requester, tx, row.name, words);
	return isSwitched || group !== null;
}

/** Records in an event what has changed immediately. */
export async function noteModified(
	{ clock }: Resources,
	requester: Requester,
	tx: Transaction,
	cacheName: string,
	words: readonly string[],
): Promise<void> {
	const text = words.join(", ");
	if (text === "") return;
	await recordEvent(tx, clock, {
		severity: "info",
		type: "cache.modified",
		message: `${text.charAt(0).toUpperCase()}${text.slice(1)} of cache ${cacheName} changed by ${requester.name}.`,
		cacheName,
	});
}
