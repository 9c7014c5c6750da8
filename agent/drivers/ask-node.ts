import type { Assignment } from "../../server/contract/desired-state.ts";
import { EngineConnection } from "./engine-connection.ts";
import type { RespValue } from "./resp-parser.ts";

const TIMEOUT_MS = 300;

export interface NodeAddress {
	readonly host: string;
	readonly port: number;
}

/**
 * Sends one command to another node of the same cache; only such a node accepts the cache's system user. Null if the
 * node isn't there or refuses, which callers treat as "not now".
 */
export async function askNode(
	auth: Assignment["auth"],
	{ host, port }: NodeAddress,
	command: readonly string[],
): Promise<RespValue> {
	const { systemUsername: username, systemPassword: password } = auth;
	try {
		const address = { host, port, username, password };
		const connection = await EngineConnection.open(address, TIMEOUT_MS);
		try {
			return await connection.command(command, TIMEOUT_MS);
		} finally {
			connection.close();
		}
	} catch {
		return null;
	}
}

/** Whether a node itself says that it is a primary. */
export function saysPrimary(role: RespValue): boolean {
	return Array.isArray(role) && role[0] === "master";
}
