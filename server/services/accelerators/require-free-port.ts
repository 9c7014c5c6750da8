import { AppError } from "../../contract/errors.ts";
import type { Transaction } from "../../data/database.ts";
import { readEndpointPorts, readNodePorts } from "../../data/host-room.ts";

/** Throws `invalid_argument` if another endpoint or a node has the port. */
export async function requireFreePort(tx: Transaction, port: number): Promise<void> {
	const used = [...(await readEndpointPorts(tx, null)), ...(await readNodePorts(tx))];
	if (!used.includes(port)) return;
	throw new AppError(
		"invalid_argument",
		`Port ${port} already serves a cache, a node or another accelerator. Choose another port, or leave port out.`,
		{ field: "port" },
	);
}
