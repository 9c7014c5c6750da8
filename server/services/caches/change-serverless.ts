import {
	AppError,
	changeLimits,
	kindRefusals,
	type LimitsInput,
	limitsProblem,
	type ModifyCacheInput,
	memcachedServerlessRefusals,
	type ScaleToZeroInput,
	STORAGE_GB_BYTES,
} from "../../contract/index.ts";
import { formatGib } from "../../contract/units.ts";
import { allNodeRows, type FullCache, toCacheModel } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { isServerless, limitsOf, partsWanted, protocolOf } from "../../data/serverless-rows.ts";
import { serverlessView } from "../../data/serverless-view.ts";
import { partsOf } from "../../domain/serverless/parts.ts";
import { bumpHosts, bumpRoutes, wakeGateways, wakeHosts } from "../bump-hosts.ts";
import type { Requester, Resources } from "../context.ts";
import { type ChangeProblem, throwFirst } from "./change-problem.ts";
import { changeProtocol, protocolProblems } from "./change-protocol.ts";

/** Why the change doesn't suit the kind of cache, or what its limits can't become. */
export function limitsProblems(
	resources: Resources,
	row: FullCache,
	input: ModifyCacheInput,
): ChangeProblem[] {
	const kind = isServerless(row) ? "serverless" : "provisioned";
	const misplaced = kindRefusals(kind, input, "modify");
	const refused = [...misplaced, ...(isServerless(row) ? ownProblems(row, input) : [])];
	return [
		...refused.map((problem) => ({ ...problem, code: "invalid_argument" as const })),
		...(isServerless(row) ? tooSmall(resources, row, input.limits) : []),
		...(isServerless(row) ? protocolProblems(resources, row, input) : []),
	];
}

function ownProblems(
	row: FullCache,
	{ limits, protocol, evictionPolicy, scaleToZero }: ModifyCacheInput,
): { field: string; message: string }[] {
	const present = protocolOf(row);
	const crossed = limits === undefined ? null : limitsProblem(changeLimits(limitsOf(row), limits));
	return [
		...(crossed === null ? [] : [crossed]),
		...(present === null
			? memcachedServerlessRefusals({ protocol, evictionPolicy, scaleToZero })
			: []),
	];
}

/**
 * A maximum below what the cache holds would evict keys, or refuse writes, at once. Each shard gets an equal part of it,
 * so the fullest one decides.
 */
function tooSmall(
	resources: Resources,
	row: FullCache,
	limits: LimitsInput | undefined,
): ChangeProblem[] {
	const max = limits?.dataStorageGb?.max ?? 0;
	if (max === 0) return [];
	const refuse = (holds: string): ChangeProblem[] => {
		const message = `${holds} Delete data first, or choose a higher maximum.`;
		return [{ code: "conflict", field: "limits.dataStorageGb.max", message }];
	};
	const maxBytes = max * STORAGE_GB_BYTES;
	const usedBytes = serverlessView(row, resources).usage?.dataStorageBytes ?? 0;
	if (usedBytes > maxBytes) {
		const holds = formatGib(usedBytes);
		return refuse(`Cache ${row.name} holds ${holds}, more than a maximum of ${max} GB.`);
	}
	const fullestBytes = toCacheModel(row, resources).elastic?.load?.shardUsedBytes ?? 0;
	const count = partsWanted(row);
	const partBytes = maxBytes / count;
	if (fullestBytes <= partBytes) return [];
	const { name } = partsOf(protocolOf(row));
	return refuse(
		`The fullest ${name} of ${row.name} holds ${formatGib(fullestBytes)}, but with a maximum of ${max} GB each of its ${count} ${name}s can hold ${formatGib(partBytes)}.`,
	);
}

/**
 * Stores what only a serverless cache has; the policy takes the limits into account in the next pass. Its nodes learn of
 * an eviction policy and of the ECPU maximum from their assignments. The caller must hold the locks of the cache and its
 * hosts. Throws if the change isn't possible. Returns what has changed, in words.
 */
export async function changeServerless(
	resources: Resources,
	requester: Requester,
	tx: Transaction,
	row: FullCache,
	input: ModifyCacheInput,
	after: (commit: () => void) => void,
): Promise<string[]> {
	throwFirst(limitsProblems(resources, row, input));
	const { limits, evictionPolicy, scaleToZero, protocol } = input;
	await changeProtocol(resources, requester, tx, row, protocol);
	if (scaleToZero !== undefined) await changeSleepAfter(resources, tx, row, scaleToZero, after);
	const words = scaleToZero === undefined ? [] : ["scale to zero"];
	if (limits === undefined && evictionPolicy === undefined) return words;
	if (row.sleep !== null) {
		const now = resources.clock.now().getTime();
		after(() => resources.fleet.elastic.need(row.id, "its settings have changed", now));
	}
	const nodes = allNodeRows(row);
	const hosts = await bumpHosts(
		tx,
		nodes.map(({ hostId }) => hostId),
	);
	await tx.cache.updateMany({
		where: { id: row.id },
		data: {
			...(limits !== undefined && { limits: changeLimits(limitsOf(row), limits) }),
			...(evictionPolicy !== undefined && { evictionPolicy }),
		},
	});
	await tx.node.updateMany({
		where: { id: { in: nodes.map(({ id }) => id) } },
		data: { generation: { increment: 1 } },
	});
	after(() => wakeHosts(resources, hosts.keys()));
	return [
		...words,
		...(limits === undefined ? [] : ["limits"]),
		...(evictionPolicy === undefined ? [] : ["eviction policy"]),
	];
}

/** After how long it sleeps. Its gateways keep clients waiting only if it does. */
async function changeSleepAfter(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	{ afterMinutes }: ScaleToZeroInput,
	after: (commit: () => void) => void,
): Promise<void> {
	await tx.cache.updateMany({
		where: { id: row.id },
		data: { sleepAfterMinutes: afterMinutes || null },
	});
	await bumpRoutes(tx, [row.id]);
	after(() => wakeGateways(resources));
}

/** Throws for a serverless cache: `field` names what its policy decides. */
export function refuseServerless(row: FullCache, field: string): void {
	if (!isServerless(row)) return;
	throw new AppError(
		"invalid_argument",
		`${field} doesn't apply to a serverless cache: Larder spreads its slots over as many shards as its load needs.`,
		{ field },
	);
}
