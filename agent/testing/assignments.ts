import { createHash, randomUUID } from "node:crypto";
import type {
	Assignment,
	FailoverMember,
	FailoverOrder,
} from "../../server/contract/desired-state.ts";

export const CLIENT_PASSWORD = "client-password";
export const GATEWAY_PASSWORD = "gateway-password";
export const SENTINEL_USER_PASSWORD = "password-of-sentinels-at-the-engines";
export const SYSTEM_PASSWORD = "system-password-of-the-test-cache";

/** An assignment as a control plane would give it, by default a primary with a client password. */
export function makeAssignment(changes: Partial<Assignment> & { port: number }): Assignment {
	return {
		id: randomUUID(),
		generation: 1,
		cacheId: "cache-of-the-test",
		cacheName: "orders",
		nodeName: "orders-001",
		engine: "valkey",
		engineVersion: "9",
		role: { kind: "primary" },
		cluster: null,
		onExit: "restart",
		launchPermit: 0,
		reboot: 0,
		busyTimeoutMs: 60_000,
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
			sentinelUsername: "larder-sentinel",
			sentinelPasswordSha256: sha256(SENTINEL_USER_PASSWORD),
		},
		...changes,
	};
}

/** An order as a control plane would give it, by default unplanned with `from` dead. */
export function makeOrder(
	host: string,
	from: Assignment,
	candidates: readonly Assignment[],
	changes: Partial<FailoverOrder> = {},
): FailoverOrder {
	return {
		id: randomUUID(),
		...{ cacheId: from.cacheId, cacheName: from.cacheName },
		kind: "unplanned",
		clusterMode: from.cluster === null ? "disabled" : "enabled",
		from: memberOf(host, from),
		fromState: changes.kind === "planned" ? "alive" : "dead",
		candidates: candidates.map((candidate) => memberOf(host, candidate)),
		others: [],
		receivers: [],
		takeover: false,
		sentinels: [],
		...changes,
	};
}

function memberOf(host: string, { id, nodeName, port, cluster }: Assignment): FailoverMember {
	const clusterNodeId = cluster?.nodeId ?? createHash("sha1").update(id).digest("hex");
	return { nodeId: id, clusterNodeId, name: nodeName, host, port };
}

function sha256(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}
