import { AppError } from "../../contract/errors.ts";
import { FULL_ACCELERATOR, type FullAccelerator } from "../../data/accelerator-rows.ts";
import type { Transaction } from "../../data/database.ts";

/** Throws `not_found`. */
export async function findAccelerator(tx: Transaction, name: string): Promise<FullAccelerator> {
	const { include } = FULL_ACCELERATOR;
	const row = await tx.accelerator.findUnique({ where: { name }, include });
	if (row !== null) return row;
	throw new AppError(
		"not_found",
		`Accelerator ${name} not found. List the accelerators to see what exists.`,
		{ field: "name" },
	);
}
