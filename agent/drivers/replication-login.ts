import { createHash } from "node:crypto";
import type { Assignment } from "../../server/contract/desired-state.ts";
import {
	REPLICATION_USERNAME,
	replicationPasswordText,
} from "../../server/contract/replication-user.ts";

/**
 * The user that a replica logs in to its primary as. A replica shows its password to any address that it is
 * told to follow, so this user may copy data and nothing else. The password can be derived only from the
 * cache's system password.
 */
export function replicationLogin({ systemPassword }: Pick<Assignment["auth"], "systemPassword">) {
	const password = createHash("sha256")
		.update(replicationPasswordText(systemPassword))
		.digest("hex");
	return { username: REPLICATION_USERNAME, password } as const;
}

/**
 * What a replica logs in with that must copy nothing more. It tries once a second, and a wrong password would fill its
 * primary's ACL log. A primary ends a connection without a login at an argument of more than 16 KiB, before it checks any
 * password. Where clients need no password, all connections count as logged in. There the log shows that `default` tried
 * REPLCONF, which isn't for clients.
 */
export const DETACHED_LOGIN = { username: "", password: "-".repeat(20_000) } as const;

/**
 * The user that a primary logs in as to hand slots over: it writes keys on behalf of clients. Primaries are set to
 * log in as it only while they have slots to hand over.
 */
export function slotLogin({ systemPassword }: Pick<Assignment["auth"], "systemPassword">) {
	const password = createHash("sha256").update(`slots ${systemPassword}`).digest("hex");
	return { username: "larder-slots", password } as const;
}

/**
 * The user that the agent pauses clients as when they pass an ECPU limit. Whoever hands a primary over deletes it first
 * (failover/write-hold.ts): a pause of all clients would turn the hold of writes into one of everything. The node's agent
 * restores it later.
 */
export const THROTTLE_USER = "larder-throttle";

export function throttleLogin({ systemPassword }: Pick<Assignment["auth"], "systemPassword">) {
	const password = createHash("sha256").update(`throttle ${systemPassword}`).digest("hex");
	return { username: THROTTLE_USER, password } as const;
}
