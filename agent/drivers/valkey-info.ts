import type { EngineState } from "./driver.ts";

/** The engine's INFO text as fields. */
export type InfoFields = ReadonlyMap<string, string>;

export function parseInfo(text: string): InfoFields {
	const fields = new Map<string, string>();
	for (const line of text.split("\r\n")) {
		const colon = line.indexOf(":");
		if (colon > 0 && !line.startsWith("#")) fields.set(line.slice(0, colon), line.slice(colon + 1));
	}
	return fields;
}

export function infoNumber(fields: InfoFields, name: string): number {
	const value = Number(fields.get(name));
	return Number.isFinite(value) ? value : 0;
}

/** Keys in all databases: lines such as `db0:keys=3,expires=0`. */
export function countKeys(fields: InfoFields): number {
	let keys = 0;
	for (const [name, value] of fields) {
		if (/^db\d+$/.test(name)) keys += Number(/\bkeys=(\d+)/.exec(value)?.[1] ?? 0);
	}
	return keys;
}

/**
 * What is no request of an application: opening a connection, asking how the engine is, replication. Gateways, agents
 * and replicas do it every second or so, and an idle cache would look busy.
 */
const HOUSEKEEPING: ReadonlySet<string> = new Set([
	...["acl", "auth", "client", "cluster", "command", "config", "hello", "info", "ping", "psync"],
	...["quit", "replconf", "replicaof", "reset", "role", "slaveof", "sync"],
]);

/** Commands that applications sent: lines such as `cmdstat_config|get:calls=3,usec=…`. */
export function countRequests(fields: InfoFields): number {
	let requests = 0;
	for (const [name, value] of fields) {
		const command = /^cmdstat_([^|]+)/.exec(name)?.[1];
		if (command === undefined || HOUSEKEEPING.has(command)) continue;
		requests += Number(/\bcalls=(\d+)/.exec(value)?.[1] ?? 0);
	}
	return requests;
}

/** What the sections server, persistence and replication say of a node. */
export function readEngineState(fields: InfoFields): EngineState & { processId: number } {
	const isReplica = fields.get("role") === "slave";
	const onlineReplicas = [...fields].filter(
		([name, value]) => /^slave\d+$/.test(name) && /\bstate=online\b/.test(value),
	).length;
	return {
		processId: infoNumber(fields, "process_id"),
		version: fields.get("valkey_version") ?? fields.get("redis_version") ?? "unknown",
		role: isReplica ? "replica" : "primary",
		loading: fields.get("loading") === "1" || fields.get("async_loading") === "1",
		primaryHost: isReplica ? (fields.get("master_host") ?? null) : null,
		primaryPort: isReplica ? infoNumber(fields, "master_port") : null,
		linkUp: !isReplica || fields.get("master_link_status") === "up",
		offset: infoNumber(fields, isReplica ? "slave_repl_offset" : "master_repl_offset"),
		onlineReplicas,
		cluster: null,
	};
}
