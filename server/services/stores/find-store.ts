import { AppError } from "../../contract/errors.ts";
import type { Prisma, Transaction } from "../../data/database.ts";
import { LOCAL_STORE } from "./store-shelf.ts";

/** The store of that name, the local one if none is named; `invalid_argument` for `store` if there is none. */
export async function findStore(
	tx: Transaction,
	name: string = LOCAL_STORE,
): Promise<Prisma.StoreGetPayload<object>> {
	const row = await tx.store.findUnique({ where: { name } });
	if (row !== null) return row;
	throw new AppError(
		"invalid_argument",
		`There is no store ${name}. List the stores to see what exists, or leave store out for the control plane's own directory.`,
		{ field: "store" },
	);
}
