import { stat, truncate } from "node:fs/promises";
import type { RequestCounters } from "../../server/contract/client-requests.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { ClientLimit } from "../../server/contract/host-report.ts";
import { MIB } from "../../server/contract/limits.ts";
import type { UsageCounters } from "../../server/contract/usage-reading.ts";
import type {
	AppliedSettings,
	Convergence,
	EngineCounters,
	EngineSession,
	EngineState,
} from "./driver.ts";
import { wantedConnections, wantedVerbosity } from "./memcached-arguments.ts";
import type { MemcachedConnection } from "./memcached-connection.ts";

const COMMAND_TIMEOUT_MS = 2_000;
const LOG_MAX_BYTES = 4 * MIB;
/** Connections that the engine counts besides its clients': the agent's own. */
const OWN_CONNECTIONS = 1;
/** Requests of clients; a get of several keys counts as several. */
const COMMAND_COUNTERS = [
	...["cmd_get", "cmd_set", "cmd_touch", "cmd_flush", "delete_hits", "delete_misses"],
	...["incr_hits", "incr_misses", "decr_hits", "decr_misses"],
];

/** The agent's conversation with one running Memcached. */
export class MemcachedSession implements EngineSession {
	private readonly connection: MemcachedConnection;
	/** Ends with the last question asked. The next one waits for it, so questions can't overtake each other. */
	private queue: Promise<unknown> = Promise.resolve();

	clientLimit: ClientLimit | null = null;
	readonly elastic = null;
	/** What the engine prints. */
	private readonly log: string;

	constructor(connection: MemcachedConnection, log: string) {
		this.connection = connection;
		this.log = log;
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
			synced: true,
			offset: 0,
			onlineReplicas: 0,
			cluster: null,
		};
	}

	/**
	 * Any client may change the verbosity and the memory limit for the whole process. This puts both back, and bounds
	 * what was logged meanwhile. A parameter that asks for more log output waits for a reboot, like other parameters.
	 */
	async converge(assignment: Assignment): Promise<Convergence> {
		const settings = await this.inTurn(() => this.connection.stats(COMMAND_TIMEOUT_MS, "settings"));
		this.clientLimit = clientLimit(settings, assignment);
		const verbosity = wantedVerbosity(assignment.parameters);
		if (numberOf(settings, "verbosity") > verbosity) await this.tell(`verbosity ${verbosity}`);
		await this.keepMemoryLimit(assignment, numberOf(settings, "maxbytes"));
		const { size } = await stat(this.log).catch(() => ({ size: 0 }));
		// The engine appends, so it continues at the new end.
		if (size > LOG_MAX_BYTES) await truncate(this.log, 0);
		return { converged: true, acted: false };
	}

	/** A running Memcached accepts only one of these settings: memory for data. */
	async applySettings(assignment: Assignment): Promise<AppliedSettings> {
		await this.keepMemoryLimit(assignment, numberOf(await this.stats(), "limit_maxbytes"));
		return { refused: [] };
	}

	private async keepMemoryLimit({ maxmemoryBytes }: Assignment, limitBytes: number) {
		const memoryMib = Math.max(1, Math.floor(maxmemoryBytes / MIB));
		if (limitBytes !== memoryMib * MIB) await this.tell(`cache_memlimit ${memoryMib}`);
	}

	private async tell(command: string): Promise<void> {
		await this.inTurn(() => this.connection.line(command, COMMAND_TIMEOUT_MS));
	}

	/** It has no replicas. */
	async setSyncDelay(): Promise<void> {}

	/** It has no scripts. */
	async killScript(): Promise<boolean> {
		return false;
	}

	async sample(): Promise<EngineCounters> {
		const fields = await this.stats();
		const direct = COMMAND_COUNTERS.reduce((sum, name) => sum + numberOf(fields, name), 0);
		const requests = { direct, replicable: null };
		return {
			processId: numberOf(fields, "pid"),
			usage: readUsage(fields, requests),
			storedBytes: numberOf(fields, "bytes"),
			memoryUsedBytes: numberOf(fields, "bytes"),
			memoryMaxBytes: numberOf(fields, "limit_maxbytes"),
			clients: Math.max(0, numberOf(fields, "curr_connections") - OWN_CONNECTIONS),
			refusedClients: numberOf(fields, "rejected_connections"),
			keys: numberOf(fields, "curr_items"),
			requests,
			hits: numberOf(fields, "get_hits"),
			misses: numberOf(fields, "get_misses"),
			evictions: numberOf(fields, "evictions"),
			cpuSeconds: numberOf(fields, "rusage_user") + numberOf(fields, "rusage_system"),
			replicationLagBytes: null,
			uptimeSeconds: numberOf(fields, "uptime"),
		};
	}

	/** No command ends it unless all clients may use that command, so the agent uses signals. */
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
		// The caller gets the failure; the next question only waits for the end.
		this.queue = answer.catch(() => {});
		return answer;
	}
}

/** Memcached doesn't say how long commands take. All of them are about as simple as a get. */
function readUsage(fields: ReadonlyMap<string, string>, requests: RequestCounters): UsageCounters {
	const bytes = numberOf(fields, "bytes_read") + numberOf(fields, "bytes_written");
	const none = { calls: 0, usec: 0 };
	const cpuSeconds = numberOf(fields, "rusage_user") + numberOf(fields, "rusage_system");
	return {
		uptimeSeconds: numberOf(fields, "uptime"),
		bytes: { total: bytes, clients: bytes },
		requests,
		...{ simple: none, heavy: { direct: none, replicable: none } },
		cpuUsec: Math.round(cpuSeconds * 1_000_000),
	};
}

function clientLimit(
	settings: ReadonlyMap<string, string>,
	{ parameters }: Assignment,
): ClientLimit | null {
	const actual = numberOf(settings, "maxconns");
	const wanted = wantedConnections(parameters);
	return actual > 0 && actual < wanted ? { actual, wanted } : null;
}

function numberOf(fields: ReadonlyMap<string, string>, name: string): number {
	const value = Number(fields.get(name));
	return Number.isFinite(value) ? value : 0;
}
