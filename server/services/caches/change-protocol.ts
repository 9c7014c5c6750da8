import { randomUUID } from "node:crypto";
import type { ModifyCacheInput } from "../../contract/index.ts";
import {
	allNodeRows,
	type FullCache,
	progressColumn,
	toCacheModel,
} from "../../data/cache-mapping.ts";
import { Prisma, type Transaction } from "../../data/database.ts";
import { modeChangeOf } from "../../data/mode-change-column.ts";
import { recordEvent } from "../../data/record-event.ts";
import { protocolOf } from "../../data/serverless-rows.ts";
import { modeSteps } from "../../domain/cache/mode-progress.ts";
import { isChanging } from "../../domain/cache/plan-pending.ts";
import type { Requester, Resources } from "../context.ts";
import type { ChangeProblem } from "./change-problem.ts";
import { modifyingStatus } from "./modifying-status.ts";
import { emptyPreview, type PartPreview } from "./part-preview.ts";

/** Engines start, load their data, and in cluster mode take no writes in their first two seconds. */
const RESTART_SECONDS = 6;
/** Data is saved, verified, saved by the replicas, and loaded, one after the other. */
const MIB_PER_SECOND = 50;

/** Why a serverless cache's protocol can't become the given one. */
export function protocolProblems(
	resources: Resources,
	row: FullCache,
	{ protocol }: Pick<ModifyCacheInput, "protocol">,
): ChangeProblem[] {
	const present = protocolOf(row);
	if (present === null || protocol === undefined || protocol === present) return [];
	const refuse = (code: ChangeProblem["code"], message: string): ChangeProblem[] => [
		{ code, field: "protocol", message },
	];
	if (protocol === "standard") {
		return refuse(
			"invalid_argument",
			`The protocol of ${row.name} can't be changed from cluster to standard: its data may be spread over shards. Create a cache with the protocol that you need, and copy the data.`,
		);
	}
	if (modeChangeOf(row) !== null) return [];
	if (row.availableAt === null) {
		return refuse(
			"conflict",
			`Cache ${row.name} is ${row.status}; it can be changed once it is available.`,
		);
	}
	if (isChanging(toCacheModel(row, resources))) {
		return refuse(
			"conflict",
			`Cache ${row.name} is being changed. Wait until that is done, and then change its protocol.`,
		);
	}
	const { elastic } = resources.fleet;
	if (allNodeRows(row).some(({ id }) => elastic.usesOtherDatabases(id))) {
		return refuse(
			"conflict",
			`Cache ${row.name} has keys in databases other than 0, and with the cluster protocol there is only database 0. Move these keys to database 0, or delete them.`,
		);
	}
	return [];
}

/**
 * Stores that the cache should speak the cluster protocol; the reconciler carries it out. While it isn't carried out,
 * asking for the present protocol cancels it. The caller must hold the cache's lock.
 */
export async function changeProtocol(
	{ clock }: Resources,
	requester: Requester,
	tx: Transaction,
	row: FullCache,
	protocol: ModifyCacheInput["protocol"],
): Promise<void> {
	const isWanted = protocol === "cluster" && protocolOf(row) === "standard";
	const isCanceled = protocol === "standard" && protocolOf(row) === "standard";
	const underWay = modeChangeOf(row);
	if (isCanceled && underWay !== null) {
		await tx.cache.update({
			where: { id: row.id },
			data: { modeChange: Prisma.DbNull, generation: { increment: 1 } },
		});
		return await tell(
			`The change of cache ${row.name} to the cluster protocol was canceled by ${requester.name}.`,
		);
	}
	if (!isWanted || underWay !== null) return;
	const startedAt = clock.now().toISOString();
	await tx.cache.update({
		where: { id: row.id },
		data: {
			modeChange: { id: randomUUID(), startedAt, notBefore: null, interruptions: 0 },
			...modifyingStatus(row, "Changing to the cluster protocol."),
			progress: [
				...progressColumn.parse(row.progress).filter(({ state }) => state !== "done"),
				...modeSteps(),
			],
			// A pass that read the cache before this must not write its own steps over these.
			generation: { increment: 1 },
		},
	});
	await tell(
		`Cache ${row.name} is changing to the cluster protocol, as ${requester.name} requested. Clients will wait while its nodes restart.`,
	);

	async function tell(message: string): Promise<void> {
		const event = { severity: "info", type: "cache.modifying", message } as const;
		await recordEvent(tx, clock, { ...event, cacheName: row.name });
	}
}

/** What the change would do. */
export function previewProtocol(
	{ fleet, clock }: Resources,
	row: FullCache,
	{ protocol }: Pick<ModifyCacheInput, "protocol">,
): PartPreview {
	if (protocol !== "cluster" || protocolOf(row) !== "standard") return emptyPreview();
	const nodes = allNodeRows(row);
	const now = clock.now().getTime();
	const used = nodes.map(({ id }) => fleet.elastic.load(id, now)?.usedBytes ?? 0);
	const bytes = Math.max(0, ...used);
	return {
		...emptyPreview(),
		steps: [
			"Save the data of all nodes and stop them. From here on, clients wait.",
			`Start all nodes in cluster mode with their data. The configuration endpoint gets port ${row.port}, which the primary endpoint has now; the reader endpoint goes.`,
		],
		restarts: nodes.map(({ name }) => name),
		seconds: RESTART_SECONDS + bytes / (MIB_PER_SECOND * 1024 ** 2),
	};
}
