import { AppError } from "../../contract/index.ts";
import { type FullCache, progressColumn } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { toOperationModel } from "../../data/operation-mapping.ts";
import { recordEvent } from "../../data/record-event.ts";
import { CANCELING, operationSteps } from "../../domain/operation/operation-progress.ts";
import type { Requester, Resources } from "../context.ts";
import { modifyingStatus } from "./modifying-status.ts";

/** Throws `conflict` if there is nothing to cancel, or if it is too late. Repeating it changes nothing. */
export async function askToCancel(
	{ clock }: Resources,
	caller: Requester,
	tx: Transaction,
	row: FullCache,
): Promise<void> {
	const operation = toOperationModel(row.operations[0]);
	if (operation === null) {
		throw new AppError(
			"conflict",
			`Cache ${row.name} has no change under way that can be canceled.`,
		);
	}
	if (operation.cancelAsked) return;
	if (operation.cursor.phase === "settle") {
		throw new AppError(
			"conflict",
			`All slots of cache ${row.name} have moved, so the change can no longer be canceled. Once it is done, request the previous number of shards.`,
		);
	}
	await tx.cache.update({
		where: { id: row.id },
		data: {
			shardCount: operation.input.shardsBefore,
			...modifyingStatus(row, CANCELING),
			progress: [
				...progressColumn
					.parse(row.progress)
					.filter(({ node, state }) => node !== null && state !== "done"),
				...operationSteps(operation.input, true),
			],
			generation: { increment: 1 },
		},
	});
	// In phase `add`, because the next pass begins to move back, wherever the slots are.
	await tx.operation.update({
		where: { id: operation.id },
		data: {
			cancelAsked: true,
			cursor: { ...operation.cursor, phase: "add" },
			error: null,
			updatedAt: clock.now(),
		},
	});
	await recordEvent(tx, clock, {
		severity: "info",
		type: "cache.modifying",
		message: `The change to cache ${row.name} was canceled by ${caller.name}; it returns to ${operation.input.shardsBefore} shard${operation.input.shardsBefore === 1 ? "" : "s"}.`,
		cacheName: row.name,
	});
}
