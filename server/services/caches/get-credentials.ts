import { authModeSchema } from "../../contract/index.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findCache } from "./find-cache.ts";

export interface Credentials {
	mode: "password" | "none";
	username: string | null;
	password: string | null;
}

/** The password in clear text. Reading it leaves an audit row, so it runs as a mutation. */
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
				if (row.clientPassword === null) return { mode, username: null, password: null };
				return {
					mode,
					username: "default",
					password: resources.secrets.open(row.clientPassword, `cache:${row.id}:client`),
				};
			},
		},
	);
}
