import { Redis } from "ioredis";
import type { Endpoint } from "../../server/contract/cache-view.ts";

const SLOWER_THAN_MS = 1;
const ENTRIES = 100_000;

interface Stall {
	what: string;
	ms: number;
}

/** What kept engines from answering for a millisecond or more, according to their own monitors. */
export class EngineStalls {
	private readonly login: { username: string; password: string };
	private readonly clients = new Map<string, Redis>();

	constructor(login: { username: string; password: string }) {
		this.login = login;
	}

	/** Watches these engines from now on, and those of earlier calls. */
	async watch(nodes: readonly Endpoint[]): Promise<void> {
		for (const { host, port } of nodes) {
			const address = `${host}:${port}`;
			if (this.clients.has(address)) continue;
			const client = new Redis({ host, port, ...this.login });
			client.on("error", () => {
				// A node that just starts. Commands wait until it answers.
			});
			this.clients.set(address, client);
			await client.config("SET", "latency-monitor-threshold", String(SLOWER_THAN_MS));
			await client.config("SET", "slowlog-log-slower-than", String(SLOWER_THAN_MS * 1_000));
			await client.config("SET", "slowlog-max-len", String(ENTRIES));
			await client.slowlog("RESET");
			await client.call("LATENCY", "RESET");
		}
	}

	/** A line for each engine, and ends the watch. */
	async report(): Promise<string[]> {
		const lines: string[] = [];
		for (const [address, client] of this.clients) {
			const stalls = [...(await slowCommands(client)), ...(await slowEvents(client))];
			const kinds = [...new Set(stalls.map(({ what }) => what))];
			const texts = kinds.map((kind) => {
				const own = stalls.flatMap(({ what, ms }) => (what === kind ? [ms] : []));
				const sum = own.reduce((total, ms) => total + ms, 0);
				return `${kind} ${own.length} × up to ${Math.max(...own).toFixed(1)} ms, ${sum.toFixed(0)} ms in all`;
			});
			lines.push(`${address}: ${texts.join("; ") || "nothing"}`);
			client.disconnect();
		}
		return lines;
	}
}

async function slowCommands(client: Redis): Promise<Stall[]> {
	const entries = (await client.slowlog("GET", ENTRIES)) as [number, number, number, string[]][];
	return entries.map(([, , microseconds, [name = "", second = ""]]) => ({
		what: name.toUpperCase() === "CLUSTER" ? `CLUSTER ${second}` : name.toUpperCase(),
		ms: microseconds / 1_000,
	}));
}

/** The engine keeps the longest one of each second, the last 160 for each kind. */
async function slowEvents(client: Redis): Promise<Stall[]> {
	const events = (await client.call("LATENCY", "LATEST")) as [string, ...number[]][];
	const stalls: Stall[] = [];
	for (const [event] of events) {
		// Commands are in the slow log, each of them.
		if (event === "command" || event === "fast-command") continue;
		const history = (await client.call("LATENCY", "HISTORY", event)) as [number, number][];
		stalls.push(...history.map(([, ms]) => ({ what: `${event} (longest of a second)`, ms })));
	}
	return stalls;
}
