import { randomUUID } from "node:crypto";
import { engineSchema } from "../../contract/enums.ts";
import type { ModifyCacheInput } from "../../contract/index.ts";
import { familyOf } from "../../contract/offered-versions.ts";
import { evenSlots, formatSlots } from "../../contract/slots.ts";
import {
	allNodeRows,
	type FullCache,
	progressColumn,
	toCacheModel,
} from "../../data/cache-mapping.ts";
import { shardName } from "../../data/cache-view.ts";
import { Prisma, type Transaction } from "../../data/database.ts";
import { modeChangeOf } from "../../data/mode-change-column.ts";
import { findParameterGroup } from "../../data/parameter-groups.ts";
import { recordEvent } from "../../data/record-event.ts";
import { isServerless } from "../../data/serverless-rows.ts";
import { modeSteps } from "../../domain/cache/mode-progress.ts";
import { isChanging } from "../../domain/cache/plan-pending.ts";
import { defaultGroupName } from "../../domain/parameters/index.ts";
import type { Requester, Resources } from "../context.ts";
import { groupProblems } from "./change-group.ts";
import type { ChangeProblem } from "./change-problem.ts";
import { modifyingStatus } from "./modifying-status.ts";
import { emptyPreview, type PartPreview } from "./part-preview.ts";
import { usedBytes } from "./used-bytes.ts";

/** Engines start, load their data, and in cluster mode take no writes in their first two seconds. */
const RESTART_SECONDS = 6;
/** Data is saved, verified, saved by the replicas, and loaded, one after the other. */
const MIB_PER_SECOND = 50;

type ModeInput = Pick<ModifyCacheInput, "clusterMode" | "parameterGroup" | "acceptIrreversible">;

/** Whether a request gives a provisioned cache cluster mode, which it hasn't yet. */
export function entersClusterMode(row: FullCache, { clusterMode }: ModeInput): boolean {
	const isAsked = clusterMode === "enabled" || clusterMode === "compatible";
	return isAsked && row.clusterMode === "disabled" && row.engine !== "memcached";
}

/**
 * Why the cache can't have the cluster mode that it doesn't enter. `compatible` is cluster mode with one shard, which
 * serves clients of both kinds.
 */
export function keptModeProblems(row: FullCache, { clusterMode }: ModeInput): ChangeProblem[] {
	const refuse = (message: string): ChangeProblem[] => [
		{ code: "invalid_argument", field: "clusterMode", message },
	];
	if (clusterMode === undefined || clusterMode === row.clusterMode) return [];
	if (row.engine === "memcached") {
		return refuse("Memcached has no cluster mode: its clients spread keys over nodes.");
	}
	if (row.clusterMode === "disabled" || (clusterMode === "compatible" && row.shardCount === 1)) {
		return [];
	}
	const why =
		clusterMode === "compatible"
			? `it has ${row.shardCount} shards, and clients that don't speak the cluster protocol need all keys in one`
			: "its data may be spread over shards. Create a cache with cluster mode disabled, and copy the data";
	return refuse(
		`The cluster mode of ${row.name} can't be changed from enabled to ${clusterMode}: ${why}.`,
	);
}

/** Why the cache can't change to cluster mode now. `row` is the cache as it will be when the change begins. */
export async function modeProblems(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	input: ModeInput,
): Promise<ChangeProblem[]> {
	const { parameterGroup, acceptIrreversible } = input;
	const problems = modeObstacles(resources, row, { field: "clusterMode", what: "cluster mode" });
	if ((await tx.migration.count({ where: { cacheId: row.id, endedAt: null } })) > 0) {
		const message = `Data is being migrated into ${row.name}. Wait until that is done, and then change its cluster mode.`;
		problems.push({ code: "conflict", field: "clusterMode", message });
	}
	problems.push(...(await groupFits(tx, row, parameterGroup)));
	if (acceptIrreversible !== true) {
		const message = `The change to cluster mode can't be undone, and clients wait while all nodes of ${row.name} restart. To continue, set acceptIrreversible to true.`;
		problems.push({ code: "invalid_argument", field: "acceptIrreversible", message });
	}
	return problems;
}

/** Why no cache can change its mode now. */
export function modeObstacles(
	resources: Resources,
	row: FullCache,
	{ field, what }: { field: string; what: string },
): ChangeProblem[] {
	const refuse = (message: string): ChangeProblem[] => [{ code: "conflict", field, message }];
	if (row.availableAt === null) {
		return refuse(`Cache ${row.name} is ${row.status}; it can be changed once it is available.`);
	}
	if (isChanging(toCacheModel(row, resources))) {
		return refuse(
			`Cache ${row.name} is being changed. Wait until that is done, and then change its ${what}.`,
		);
	}
	const { elastic } = resources.fleet;
	if (allNodeRows(row).some(({ id }) => elastic.usesOtherDatabases(id))) {
		return refuse(
			`Cache ${row.name} has keys in databases other than 0, and with the cluster protocol there is only database 0. Move these keys to database 0, or delete them.`,
		);
	}
	return [];
}

/** Values of a group that is for cluster mode disabled can't be taken over: a person has to choose. */
async function groupFits(
	tx: Transaction,
	row: FullCache,
	parameterGroup: string | undefined,
): Promise<ChangeProblem[]> {
	const family = familyOf(engineSchema.parse(row.engine), row.engineVersion);
	if (parameterGroup !== undefined) {
		return await groupProblems(tx, { ...row, clusterMode: "enabled" }, family, parameterGroup);
	}
	const present = await findParameterGroup(tx, row.parameterGroup);
	if (present === null || present.isDefault) return [];
	const message = `Parameter group ${present.name} is for cluster mode disabled. For parameterGroup, choose a group of family ${family} that has cluster-enabled=yes, or ${defaultGroupName(family, "enabled")}.`;
	return [{ code: "invalid_argument", field: "parameterGroup", message }];
}

/** The cache's rows as they will be in cluster mode. */
export function withClusterMode(row: FullCache): FullCache {
	const slots = formatSlots([evenSlots(1, 0)]);
	return {
		...row,
		...{ clusterMode: "enabled", automaticFailover: true },
		shards: row.shards.map((shard) => ({ ...shard, slots })),
	};
}

/** Stores that the cache should get cluster mode; the reconciler carries it out. The caller must hold the cache's lock. */
export async function startModeChange(
	{ clock }: Resources,
	requester: Requester,
	tx: Transaction,
	row: FullCache,
	{ parameterGroup = null, to }: { parameterGroup?: string | null | undefined; to: string },
): Promise<void> {
	const startedAt = clock.now().toISOString();
	await tx.cache.update({
		where: { id: row.id },
		data: {
			modeChange: {
				...{ id: randomUUID(), startedAt, notBefore: null, interruptions: 0 },
				...(parameterGroup !== null && { parameterGroup }),
			},
			...modifyingStatus(row, `Changing to ${to}.`),
			progress: [
				...progressColumn.parse(row.progress).filter(({ state }) => state !== "done"),
				...modeSteps(),
			],
			// A pass that read the cache before this must not write its own steps over these.
			generation: { increment: 1 },
		},
	});
	await recordEvent(tx, clock, {
		...{ severity: "info", type: "cache.modifying", cacheName: row.name },
		message: `Cache ${row.name} is changing to ${to}, as ${requester.name} requested. Clients will wait while its nodes restart.`,
	});
}

/** Whether a change of the mode is under way that can still be taken back. */
export function isModeCancelable(row: FullCache): boolean {
	return modeChangeOf(row) !== null && row.clusterMode === "disabled";
}

/** Takes back a change of the mode: nodes that have ended start as they were. The caller must hold the cache's lock. */
export async function cancelModeChange(
	{ clock }: Resources,
	requester: Requester,
	tx: Transaction,
	row: FullCache,
): Promise<void> {
	await tx.cache.update({
		where: { id: row.id },
		data: { modeChange: Prisma.DbNull, generation: { increment: 1 } },
	});
	const to = isServerless(row) ? "the cluster protocol" : "cluster mode";
	await recordEvent(tx, clock, {
		...{ severity: "info", type: "cache.modifying", cacheName: row.name },
		message: `The change of cache ${row.name} to ${to} was canceled by ${requester.name}.`,
	});
}

/** What the change would do. */
export async function previewMode(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	input: ModeInput,
): Promise<PartPreview> {
	if (!entersClusterMode(row, input)) return emptyPreview();
	// Whether the change may be final is asked after the preview.
	const found = await modeProblems(resources, tx, row, { ...input, acceptIrreversible: true });
	const bytes = Math.max(0, ...allNodeRows(row).map((node) => usedBytes(resources, node)));
	const slots = formatSlots([evenSlots(1, 0)]);
	return {
		...restartPreview(row, bytes),
		problems: found.map(({ field, message }) => ({ field, message })),
		deltas: row.shards.map(({ index }) => {
			return { kind: "shard", id: shardName(index), change: "none", slots } as const;
		}),
	};
}

/** The restart of all nodes, of which the fullest holds that many bytes. */
export function restartPreview(row: FullCache, bytes: number): PartPreview {
	return {
		...emptyPreview(),
		steps: [
			"Save the data of all nodes and stop them. From here on, clients wait.",
			`Start all nodes in cluster mode with their data. The configuration endpoint gets port ${row.port}, which the primary endpoint has now; the reader endpoint goes.`,
		],
		restarts: allNodeRows(row).map(({ name }) => name),
		seconds: RESTART_SECONDS + bytes / (MIB_PER_SECOND * 1024 ** 2),
	};
}
