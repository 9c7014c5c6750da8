import { randomUUID } from "node:crypto";
import { requireObjectKey } from "../../../platform/stores/object-key.ts";
import type { TransferContent } from "../../contract/transfer.ts";
import type { Transaction } from "../../data/database.ts";
import type { Clock } from "../../platform/clock.ts";

type NewTransfer = { hostId: string; storeId: string; key: string } & (
	| { direction: "put"; maxBytes?: number; sourcePath?: string }
	| ({ direction: "get" } & TransferContent)
);

/**
 * Lets a host move one object into a store or out of it, until the row is deleted. The caller gives its id to the host. The
 * row of a finished put says what the store holds.
 */
export async function openTransfer(
	tx: Transaction,
	clock: Clock,
	transfer: NewTransfer,
): Promise<{ id: string }> {
	requireObjectKey(transfer.key);
	const { hostId, storeId, key, direction } = transfer;
	return await tx.transfer.create({
		data: {
			...{ id: randomUUID(), hostId, storeId, key, direction, createdAt: clock.now() },
			...(transfer.direction === "put"
				? { maxBytes: transfer.maxBytes ?? null, sourcePath: transfer.sourcePath ?? null }
				: { bytes: transfer.bytes, sha256: transfer.sha256 }),
		},
		select: { id: true },
	});
}
