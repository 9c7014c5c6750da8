import { AppError } from "../../contract/errors.ts";
import type { Database, Transaction } from "../../data/database.ts";
import type { StoreRow } from "./store-row.ts";

/** The store of that name, which a request is about; `not_found` if there is none. */
export async function requireStore(tx: Database | Transaction, name: string): Promise<StoreRow> {
	const row = await tx.store.findUnique({ where: { name } });
	if (row !== null) return row;
	throw new AppError("not_found", `Store ${name} not found. List the stores to see what exists.`, {
		field: "name",
	});
}
