import type { ModifyCacheInput } from "../../contract/index.ts";
import { allNodeRows, type FullCache } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { modeChangeOf } from "../../data/mode-change-column.ts";
import { protocolOf } from "../../data/serverless-rows.ts";
import type { Requester, Resources } from "../context.ts";
import {
	cancelModeChange,
	isModeCancelable,
	modeObstacles,
	restartPreview,
	startModeChange,
} from "./change-mode.ts";
import type { ChangeProblem } from "./change-problem.ts";
import { emptyPreview, type PartPreview } from "./part-preview.ts";

type ProtocolInput = Pick<ModifyCacheInput, "protocol">;

/** Why a serverless cache's protocol can't become the given one. */
export function protocolProblems(
	resources: Resources,
	row: FullCache,
	{ protocol }: ProtocolInput,
): ChangeProblem[] {
	const present = protocolOf(row);
	if (present === null || protocol === undefined || protocol === present) return [];
	if (protocol === "standard") {
		const message = `The protocol of ${row.name} can't be changed from cluster to standard: its data may be spread over shards. Create a cache with the protocol that you need, and copy the data.`;
		return [{ code: "invalid_argument", field: "protocol", message }];
	}
	if (modeChangeOf(row) !== null) return [];
	return modeObstacles(resources, row, { field: "protocol", what: "protocol" });
}

/**
 * Stores that the cache should speak the cluster protocol; the reconciler carries it out. While it isn't carried out,
 * asking for the present protocol cancels it. The caller must hold the cache's lock.
 */
export async function changeProtocol(
	resources: Resources,
	requester: Requester,
	tx: Transaction,
	row: FullCache,
	protocol: ModifyCacheInput["protocol"],
): Promise<void> {
	if (protocolOf(row) !== "standard") return;
	if (protocol === "standard" && isModeCancelable(row)) {
		await cancelModeChange(resources, requester, tx, row);
	}
	if (protocol === "cluster" && modeChangeOf(row) === null) {
		await startModeChange(resources, requester, tx, row, { to: "the cluster protocol" });
	}
}

/** What the change would do. */
export function previewProtocol(
	{ fleet, clock }: Resources,
	row: FullCache,
	{ protocol }: ProtocolInput,
): PartPreview {
	if (protocol !== "cluster" || protocolOf(row) !== "standard") return emptyPreview();
	const now = clock.now().getTime();
	const used = allNodeRows(row).map(({ id }) => fleet.elastic.load(id, now)?.usedBytes ?? 0);
	return restartPreview(row, Math.max(0, ...used));
}
