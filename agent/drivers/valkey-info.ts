import type { RequestCounters } from "../../server/contract/client-requests.ts";
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
 * Commands that aren't requests of an application: opening a connection, health checks, replication, moves of slots, and
 * whatever agents tell an engine. Gateways, agents, Sentinels and replicas send them: counting them would make an idle cache
 * look busy.
 */
const HOUSEKEEPING: ReadonlySet<string> = new Set([
	...["acl", "asking", "auth", "client", "cluster", "command", "config", "hello", "info"],
	...["migrate", "module", "ping", "psync", "pubsub", "quit", "replconf", "replicaof"],
	...["reset", "restore-asking", "role", "select", "slaveof", "sync"],
	// Clients can't use these.
	...["bgrewriteaof", "bgsave", "debug", "failover", "save", "shutdown"],
	// After an engine got less memory, and to end a script that holds it up.
	...["memory|purge", "script|kill", "function|kill"],
	// Sentinels begin with it, anew after each failover.
	"subscribe",
]);
/** A primary passes these on to its replicas as it does its writes. */
const PASSED_ON: ReadonlySet<string> = new Set(["exec", "multi"]);
const PUBLISHES: ReadonlySet<string> = new Set(["publish", "spublish"]);

/** Who asks for a command: `replicable` if a primary passes it on, `direct` if it is a client's wherever it is counted. */
type CommandKind = "housekeeping" | "publish" | "replicable" | "direct";

export function classifyCommand(command: string, writes: ReadonlySet<string>): CommandKind {
	const [container = ""] = command.split("|");
	if (HOUSEKEEPING.has(container) || HOUSEKEEPING.has(command)) return "housekeeping";
	if (PUBLISHES.has(command)) return "publish";
	return writes.has(command) || PASSED_ON.has(command) ? "replicable" : "direct";
}

/** Every command that was carried out: lines such as `cmdstat_config|get:calls=3,usec=…`. */
export function readCommandStats(
	fields: InfoFields,
): { command: string; calls: number; usec: number }[] {
	return [...fields].flatMap(([name, value]) => {
		const command = /^cmdstat_(.+)/.exec(name)?.[1];
		if (command === undefined) return [];
		const calls = Number(/\bcalls=(\d+)/.exec(value)?.[1] ?? 0);
		return [{ command, calls, usec: Number(/\busec=(\d+)/.exec(value)?.[1] ?? 0) }];
	});
}

/**
 * Commands that were carried out, sorted by what they show about who sent them. The commands of a script count in
 * addition to the script, as the engines count them.
 */
export function countRequests(fields: InfoFields, writes: ReadonlySet<string>) {
	const counts = { direct: 0, commands: 0, publishes: 0 };
	for (const { command, calls } of readCommandStats(fields)) {
		const kind = classifyCommand(command, writes);
		if (kind === "publish") counts.publishes += calls;
		else if (kind === "replicable") counts.commands += calls;
		else if (kind === "direct") counts.direct += calls;
	}
	return counts;
}

/** Counters that distinguish clients' requests from what replication repeats (contract/client-requests.ts). */
export function readRequests(
	fields: InfoFields,
	writes: ReadonlySet<string>,
	sentinels: number,
): RequestCounters {
	const { direct, ...counts } = countRequests(fields, writes);
	const leads = fields.get("role") !== "slave";
	const turn = infoNumber(fields, "second_repl_offset");
	const held = infoNumber(fields, "repl_backlog_first_byte_offset");
	return {
		direct,
		replicable: {
			...{ ...counts, sentinels, leads },
			offset: infoNumber(fields, leads ? "master_repl_offset" : "slave_repl_offset"),
			// The engine names the first byte of the new stream.
			turnedAt: turn > 0 ? turn - 1 : null,
			heldFrom: held > 0 ? held - 1 : null,
		},
	};
}

/** A replica that its agent doesn't let lead yet (lead-permission.ts). */
export function isBarred(fields: InfoFields): boolean {
	return fields.get("role") === "slave" && infoNumber(fields, "slave_priority") === 0;
}

/**
 * Whether this process has had its primary's data, or is a primary. Until its agent lets it lead, the link shows
 * this: -1 means that it was never up. Offsets don't: they are 0 in sync with a primary that was never written to,
 * and 1 in a new node that hasn't synced yet.
 */
export function hasSynced(fields: InfoFields): boolean {
	if (!isBarred(fields) || fields.get("master_link_status") === "up") return true;
	return infoNumber(fields, "master_link_down_since_seconds") >= 0;
}

/** The addresses of a primary's replicas that are online, as far as it knows them. */
export function onlineReplicas(fields: InfoFields): { host: string; port: number }[] {
	return [...fields]
		.filter(([name, value]) => /^slave\d+$/.test(name) && /\bstate=online\b/.test(value))
		.map(([, value]) => ({
			host: /\bip=([^,]*)/.exec(value)?.[1] ?? "",
			port: Number(/\bport=(\d+)/.exec(value)?.[1] ?? 0),
		}));
}

/** What the sections server, persistence and replication say about a node. */
export function readEngineState(fields: InfoFields): EngineState & { processId: number } {
	const isReplica = fields.get("role") === "slave";
	const loadedKeys =
		infoNumber(fields, "rdb_last_load_keys_loaded") +
		infoNumber(fields, "rdb_last_load_keys_expired");
	return {
		processId: infoNumber(fields, "process_id"),
		version: fields.get("valkey_version") ?? fields.get("redis_version") ?? "unknown",
		role: isReplica ? "replica" : "primary",
		loading: fields.get("loading") === "1" || fields.get("async_loading") === "1",
		primaryHost: isReplica ? (fields.get("master_host") ?? null) : null,
		primaryPort: isReplica ? infoNumber(fields, "master_port") : null,
		linkUp: !isReplica || fields.get("master_link_status") === "up",
		synced: hasSynced(fields),
		offset: infoNumber(fields, isReplica ? "slave_repl_offset" : "master_repl_offset"),
		onlineReplicas: onlineReplicas(fields).length,
		...(loadedKeys > 0 && { loadedKeys }),
		cluster: null,
	};
}
