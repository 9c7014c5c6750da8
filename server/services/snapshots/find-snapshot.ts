import { AppError } from "../../contract/errors.ts";
import type { Transaction } from "../../data/database.ts";
import { FULL_SNAPSHOT, type FullSnapshot } from "../../data/snapshot-view.ts";

/** The snapshot's rows, or `not_found`. */
export async function findSnapshot(
	tx: Transaction,
	name: string,
	field = "name",
): Promise<FullSnapshot> {
	const row = await tx.snapshot.findUnique({ where: { name }, include: FULL_SNAPSHOT });
	if (row !== null) return row;
	throw new AppError(
		"not_found",
		`Snapshot ${name} not found. List the snapshots to see what exists.`,
		{ field },
	);
}

/** The rows of a snapshot that can be copied and restored; `conflict` for another. */
export async function findAvailable(
	tx: Transaction,
	name: string,
	field = "name",
): Promise<FullSnapshot> {
	const row = await findSnapshot(tx, name, field);
	if (row.status === "available") return row;
	throw new AppError(
		"conflict",
		`Snapshot ${name} is ${row.status}. Choose one that is available.`,
		{
			field,
		},
	);
}
