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

/** No engine knows this user: a replica that logs in as it copies nothing more. */
export const DETACHED_LOGIN = { username: "larder-detached", password: "none" } as const;

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
