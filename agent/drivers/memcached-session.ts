import type { Assignment } from "../../server/contract/agent.ts";
import { MIB } from "../../server/contract/limits.ts";
import type {
	AppliedSettings,
	Convergence,
	EngineCounters,
	EngineSession,
	EngineState,
} from "./driver.ts";
import type { MemcachedConnection } from "./memcached-connection.ts";

const COMMAND_TIMEOUT_MS = 2_000;
/** Connections that the engine counts beside its clients': the agent's. */
const OWN_CONNECTIONS = 1;
/** What clients ask for; a get of several keys counts as several. */
const COMMAND_COUNTERS = [
	...["cmd_get", "cmd_set", "cmd_touch", "cmd_flush", "delete_hits", "delete_misses"],
	...["incr_hits", "incr_misses", "decr_hits", "decr_misses"],
];

/** The agent's conversation with one running Memcached. */
export class MemcachedSession implements EngineSession {
	private readonly connection: MemcachedConnection;
	/** The last reading, and the one that others wait for: questions can't overtake each other. */
	private queue: Promise<unknown> = Promise.resolve();

	constructor(connection: MemcachedConnection) {
		this.connection = connection;
	}

	get closed(): boolean {
		return this.connection.closed;
	}

	async observe(): Promise<EngineState & { processId: number }> {
		const fields = await this.stats();
		return {
			processId: numberOf(fields, "pid"),
			version: fields.get("version") ?? "unknown",
			role: "node",
			loading: false,
			primaryHost: null,
			primaryPort: null,
			linkUp: true,
			offset: 0,
			onlineReplicas: 0,
			cluster: null,
		};
	}

	async converge(): Promise<Convergence> {
		return { converged: true, acted: false };
	}

	/** Memory for data is the only thing that a running Memcached can be given. */
	async applySettings({ maxmemoryBytes }: Assignment): Promise<AppliedSettings> {
		const memoryMib = Math.max(1, Math.floor(maxmemoryBytes / MIB));
		const limitBytes = numberOf(await this.stats(), "limit_maxbytes");
		if (limitBytes !== memoryMib * MIB) {
			await this.inTurn(() =>
				this.connection.line(`cache_memlimit ${memoryMib}`, COMMAND_TIMEOUT_MS),
			);
		}
		return { refused: [] };
	}

	async sample(): Promise<EngineCounters> {
		const fields = await this.stats();
		return {
			memoryUsedBytes: numberOf(fields, "bytes"),
			memoryMaxBytes: numberOf(fields, "limit_maxbytes"),
			clients: Math.max(0, numberOf(fields, "curr_connections") - OWN_CONNECTIONS),
			keys: numberOf(fields, "curr_items"),
			commands: COMMAND_COUNTERS.reduce((sum, name) => sum + numberOf(fields, name), 0),
			hits: numberOf(fields, "get_hits"),
			misses: numberOf(fields, "get_misses"),
			evictions: numberOf(fields, "evictions"),
			cpuSeconds: numberOf(fields, "rusage_user") + numberOf(fields, "rusage_system"),
			replicationLagBytes: null,
		};
	}

	/** No command ends it unless all clients may use that command: signals do. */
	async shutdown(): Promise<void> {}

	async shutdownKeepingData(): Promise<void> {
		throw new Error("Memcached keeps no data");
	}

	close(): void {
		this.connection.close();
	}

	private stats(): Promise<ReadonlyMap<string, string>> {
		return this.inTurn(() => this.connection.stats(COMMAND_TIMEOUT_MS));
	}

	private inTurn<T>(ask: () => Promise<T>): Promise<T> {
		const answer = this.queue.then(ask);
		// Whoever asked hears of the failure; the next in turn only waits for the end.
		this.queue = answer.catch(() => {});
		return answer;
	}
}

function numberOf(fields: ReadonlyMap<string, string>, name: string): number {
	const value = Number(fields.get(name));
	return Number.isFinite(value) ? value : 0;
}
