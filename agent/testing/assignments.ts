import { createHash, randomUUID } from "node:crypto";
import type { Assignment } from "../../server/contract/agent.ts";

export const CLIENT_PASSWORD = "client-password";
export const SYSTEM_PASSWORD = "system-password-of-the-test-cache";

/** An assignment as a control plane would give it: a primary with a client password unless told otherwise. */
export function makeAssignment(changes: Partial<Assignment> & { port: number }): Assignment {
	return {
		id: randomUUID(),
		generation: 1,
		cacheName: "orders",
		nodeName: "orders-001",
		engine: "valkey",
		engineVersion: "9",
		role: { kind: "primary" },
		onExit: "restart",
		launchPermit: 0,
		maxmemoryBytes: 64 * 1024 ** 2,
		auth: {
			clientPasswordSha256: createHash("sha256").update(CLIENT_PASSWORD).digest("hex"),
			systemUsername: "larder",
			systemPassword: SYSTEM_PASSWORD,
		},
		...changes,
	};
}
