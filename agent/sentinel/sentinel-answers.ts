import type { NodeAddress } from "../drivers/replication-convergence.ts";
import type { RespValue } from "../drivers/resp-parser.ts";

/** A cache as one line of INFO shows it. */
export interface CacheSummary {
	readonly primary: NodeAddress;
	/** This Sentinel doesn't doubt that its primary is there. */
	readonly ok: boolean;
	/** Other Sentinels known to watch it. */
	readonly peers: number;
}

/** Reads `INFO sentinel`: one line per cache, while SENTINEL MASTERS takes a kilobyte for each. */
export function parseSentinelInfo(text: string): Map<string, CacheSummary> {
	const caches = new Map<string, CacheSummary>();
	const line =
		/^master\d+:name=([^,\r]+),status=([^,\r]+),address=([^,\r]+):(\d+),slaves=\d+,sentinels=(\d+)/gm;
	for (const [, name = "", status, host = "", port, sentinels] of text.matchAll(line)) {
		caches.set(name, {
			primary: { host, port: Number(port) },
			ok: status === "ok",
			peers: Number(sentinels) - 1,
		});
	}
	return caches;
}

/** A list of alternating names and values, as SENTINEL MASTER returns it. */
export function parseFields(value: RespValue): Map<string, string> {
	const fields = new Map<string, string>();
	if (!Array.isArray(value)) return fields;
	for (let at = 0; at + 1 < value.length; at += 2) {
		fields.set(String(value[at]), String(value[at + 1]));
	}
	return fields;
}

/** Another Sentinel that watches the same cache. */
export interface Peer {
	readonly host: string;
	readonly port: number;
	readonly runId: string;
}

/**
 * How SENTINEL SENTINELS marks a peer that doesn't answer. Its other flags tell what the peer says:
 * "master_down" stays for minutes after the primary has come back.
 */
const AWAY = ["s_down", "o_down", "disconnected"];

/** Reads SENTINEL SENTINELS, without those that don't answer. */
export function parseLivePeers(value: RespValue): Peer[] {
	if (!Array.isArray(value)) return [];
	return value.map(parseFields).flatMap((fields) => {
		const flags = (fields.get("flags") ?? "").split(",");
		const runId = fields.get("runid") ?? "";
		if (runId === "" || flags.some((flag) => AWAY.includes(flag))) return [];
		return { host: fields.get("ip") ?? "", port: Number(fields.get("port")), runId };
	});
}
