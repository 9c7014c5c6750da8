import type { RespValue } from "./resp-parser.ts";

/** A list of more connections costs the engine too much. By far the most of them are clients'. */
export const LISTED_MAX = 64;

/** A health check that has connected and not logged in yet looks like a client. */
const YOUNG_SECONDS = 2;

/**
 * Whether a line of CLIENT LIST is a client's connection: not of an agent, a gateway, a Sentinel or a member of the same
 * cache, whose users have reserved names, and not one that may still log in as one of them.
 */
export function isClientConnection(line: string): boolean {
	if (line === "" || / user=larder\b/.test(line) || / flags=\w*[MS]/.test(line)) return false;
	const ageSeconds = Number(/ age=(\d+)/.exec(line)?.[1] ?? 0);
	return ageSeconds > YOUNG_SECONDS || !/ cmd=NULL\b/.test(line);
}

/** Counts the connections of an engine that are its users', not Larder's. */
export class ClientCount {
	private readonly command: (...args: string[]) => Promise<RespValue>;
	/** Larder's own connections when they were last listed. */
	private own = 1;

	constructor(command: ClientCount["command"]) {
		this.command = command;
	}

	/**
	 * `connections` is the engine's own count, which includes Larder's. Exact up to 64; beyond that, Larder's connections
	 * are taken to be as many as when the engine last had fewer.
	 */
	async count(connections: number): Promise<number> {
		if (connections > LISTED_MAX) return Math.max(1, connections - this.own);
		const lines = String(await this.command("CLIENT", "LIST"))
			.split("\n")
			.filter(Boolean);
		const clients = lines.filter(isClientConnection).length;
		this.own = lines.length - clients;
		return clients;
	}
}
