import { countKeys, hasSynced, infoNumber, onlineReplicas, parseInfo } from "./valkey-info.ts";

/** What one engine says about its replication at one moment. */
export interface ReplicationReading {
	readonly isPrimary: boolean;
	/** The primary that a replica follows; null for a primary. */
	readonly follows: { readonly host: string; readonly port: number } | null;
	/** For a replica what it has applied, for a primary what it has written. */
	readonly offset: number;
	readonly linkUp: boolean;
	/** The history of writes that its data belongs to, and the one that this continued at the last promotion. */
	readonly history: string;
	readonly formerHistory: string;
	/** Seconds since a replica last heard from its primary; null while the link is down. */
	readonly heardSecondsAgo: number | null;
	/** Its process has synced, and isn't loading other data now: it may lead. */
	readonly mayLead: boolean;
	/** It holds data that it hasn't synced, kept across a reboot. */
	readonly keptData: boolean;
	/** On a primary: it is handing over to another by the engine's own means. */
	readonly handingOver: boolean;
	/** On a primary: the replicas that it lists as online, by the addresses that it knows. */
	readonly replicas: readonly { readonly host: string; readonly port: number }[];
}

/** The sections of INFO that make up a reading. */
export const READING_SECTIONS = ["replication", "persistence", "keyspace"] as const;

export function readReplication(info: string): ReplicationReading {
	const fields = parseInfo(info);
	const isPrimary = fields.get("role") === "master";
	const linkUp = fields.get("master_link_status") === "up";
	const heard = infoNumber(fields, "master_last_io_seconds_ago");
	const loading = fields.get("loading") === "1" || fields.get("async_loading") === "1";
	const failoverState = fields.get("master_failover_state");
	return {
		isPrimary,
		follows: isPrimary
			? null
			: { host: fields.get("master_host") ?? "", port: infoNumber(fields, "master_port") },
		offset: infoNumber(fields, isPrimary ? "master_repl_offset" : "slave_repl_offset"),
		linkUp,
		history: fields.get("master_replid") ?? "",
		formerHistory: fields.get("master_replid2") ?? "",
		heardSecondsAgo: linkUp && heard >= 0 ? heard : null,
		mayLead: !loading && hasSynced(fields),
		keptData: !loading && !hasSynced(fields) && countKeys(fields) > 0,
		handingOver: failoverState !== undefined && failoverState !== "no-failover",
		replicas: onlineReplicas(fields),
	};
}
