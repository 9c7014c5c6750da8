import { countKeys, infoNumber, parseInfo } from "../drivers/valkey-info.ts";

/** What one engine says of its part in replication at one moment. */
export interface ReplicationReading {
	readonly isPrimary: boolean;
	/** Whom a replica follows; null for a primary. */
	readonly follows: { readonly host: string; readonly port: number } | null;
	/** How far it has come: of a replica what it has applied, of a primary what it has written. */
	readonly offset: number;
	readonly linkUp: boolean;
	/** Since a replica last heard from its primary; null while the link is down. */
	readonly heardSecondsAgo: number | null;
	/** It has, or had, its primary's data, and isn't reading other data just now. */
	readonly hasData: boolean;
	/** A primary's: it is handing over to another by the engine's own means. */
	readonly handingOver: boolean;
	/** A primary's: replicas that it lists as online, by the addresses that it knows them at. */
	readonly replicas: readonly { readonly host: string; readonly port: number }[];
}

/** The sections of INFO that a reading is made of. */
export const READING_SECTIONS = ["replication", "persistence", "keyspace"] as const;

export function readReplication(info: string): ReplicationReading {
	const fields = parseInfo(info);
	const isPrimary = fields.get("role") === "master";
	const linkUp = fields.get("master_link_status") === "up";
	const heard = infoNumber(fields, "master_last_io_seconds_ago");
	const loading = fields.get("loading") === "1" || fields.get("async_loading") === "1";
	// -1 says that the link was never up. An offset says less: it is 0 in sync with a primary that nobody ever wrote to,
	// and 1 in a new node that has synced nothing yet.
	const everLinked = linkUp || infoNumber(fields, "master_link_down_since_seconds") >= 0;
	const failoverState = fields.get("master_failover_state");
	return {
		isPrimary,
		follows: isPrimary
			? null
			: { host: fields.get("master_host") ?? "", port: infoNumber(fields, "master_port") },
		offset: infoNumber(fields, isPrimary ? "master_repl_offset" : "slave_repl_offset"),
		linkUp,
		heardSecondsAgo: linkUp && heard >= 0 ? heard : null,
		// A primary of a moment ago that couldn't follow anybody yet has no link, but data.
		hasData: !loading && (everLinked || countKeys(fields) > 0),
		handingOver: failoverState !== undefined && failoverState !== "no-failover",
		replicas: [...fields]
			.filter(([name, value]) => /^slave\d+$/.test(name) && /\bstate=online\b/.test(value))
			.map(([, value]) => ({
				host: /\bip=([^,]*)/.exec(value)?.[1] ?? "",
				port: Number(/\bport=(\d+)/.exec(value)?.[1] ?? 0),
			})),
	};
}

/**
 * The one to lead: of those that have data, the one that has applied most. Offsets count within one history, so whoever
 * followed the failed primary comes before whoever still follows an earlier one. Null when nobody has any data.
 */
export function chooseBest<T extends { readonly reading: ReplicationReading | null }>(
	candidates: readonly T[],
	from: { readonly host: string; readonly port: number },
): T | null {
	const followed = ({ reading }: T) =>
		reading?.follows?.host === from.host && reading.follows.port === from.port;
	const able = candidates.filter(({ reading }) => reading?.hasData === true);
	const current = able.filter(followed);
	const [first, ...rest] = current.length > 0 ? current : able;
	if (first === undefined) return null;
	return rest.reduce((best, next) => (offsetOf(next) > offsetOf(best) ? next : best), first);
}

function offsetOf({ reading }: { readonly reading: ReplicationReading | null }): number {
	return reading?.offset ?? -1;
}
