import { createHash, randomUUID } from "node:crypto";
import type { Assignment } from "../../server/contract/agent.ts";

export const CLIENT_PASSWORD = "client-password";
export const GATEWAY_PASSWORD = "gateway-password";
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
		cluster: null,
		onExit: "restart",
		launchPermit: 0,
		reboot: 0,
		maxmemoryBytes: 64 * 1024 ** 2,
		memoryBytes: 256 * 1024 ** 2,
		vcpus: 1,
		parameters: [],
		auth: {
			clientPasswordSha256: sha256(CLIENT_PASSWORD),
			systemUsername: "larder",
			systemPassword: SYSTEM_PASSWORD,
			gatewayUsername: "larder-gateway",
			gatewayPasswordSha256: sha256(GATEWAY_PASSWORD),
		},
		...changes,
	};
}

function sha256(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}
