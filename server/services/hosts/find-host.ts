import { AppError } from "../../contract/errors.ts";
import type { Transaction } from "../../data/database.ts";
import { HOST_WITH_NODES, type HostWithNodes } from "../../data/host-mapping.ts";

/** The host's row with its nodes, or `not_found`. */
export async function findHost(db: Transaction, name: string): Promise<HostWithNodes> {
	const row = await db.host.findUnique({ where: { name }, include: HOST_WITH_NODES });
	if (row === null) {
		throw new AppError("not_found", `Host ${name} not found. List the hosts to see what exists.`, {
			field: "name",
		});
	}
	return row;
}
