import { authModeSchema } from "../../contract/index.ts";
import { REPLICATION_USERNAME, replicationPasswordText } from "../../contract/replication-user.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import { isServerless } from "../../data/serverless-rows.ts";
import { sha256Hex } from "../../platform/secrets.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findCache } from "./find-cache.ts";

export interface Credentials {
	mode: "password" | "none";
	username: string | null;
	password: string | null;
	/** Null for a cache that nothing outside can replicate from. */
	replication: { username: string; password: string } | null;
}

/** The passwords in clear text. Reading it leaves an audit row, so it runs as a mutation. */
export async function getCredentials(
	resources: Resources,
	caller: Caller,
	input: { name: string },
): Promise<Credentials> {
	return mutate(
		resources,
		{ ...caller, idempotencyKey: null },
		{
			action: "cache.read-credentials",
			target: input.name,
			input,
			run: async (tx) => {
				const row = await findCache(tx, input.name);
				const mode = authModeSchema.parse(row.authMode);
				const replication = replicationOf(resources, row);
				if (row.clientPassword === null) {
					return { mode, username: null, password: null, replication };
				}
				return {
					mode,
					replication,
					username: "default",
					password: resources.secrets.open(row.clientPassword, `cache:${row.id}:client`),
				};
			},
		},
	);
}

/** The nodes of a serverless cache come and go, so no replica could rely on one. */
function replicationOf({ secrets }: Resources, row: FullCache): Credentials["replication"] {
	if (row.engine === "memcached" || isServerless(row)) return null;
	const systemPassword = secrets.open(row.systemPassword, `cache:${row.id}:system`);
	const password = sha256Hex(replicationPasswordText(systemPassword));
	return { username: REPLICATION_USERNAME, password };
}
