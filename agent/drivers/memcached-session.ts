import { stat, truncate } from "node:fs/promises";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { ClientLimit } from "../../server/contract/host-report.ts";
import { MIB } from "../../server/contract/limits.ts";
import type { InstancePaths } from "../instances/instance-paths.ts";
import { LISTED_MAX } from "./client-count.ts";
import type {
	AppliedSettings,
	Convergence,
	EngineCounters,
	EngineSession,
	EngineState,
} from "./driver.ts";
import { wantedConnections, wantedVerbosity } from "./memcached-arguments.ts";
import type { MemcachedConnection } from "./memcached-connection.ts";
import { MemcachedElastic } from "./memcached-elastic.ts";
import { applyProxy, type ProxyEngine } from "./memcached-proxy.ts";
import { countProxied, countRequests, numberOf, readUsage } from "./memcached-stats.ts";

const COMMAND_TIMEOUT_MS = 2_000;
const LOG_MAX_BYTES = 4 * MIB;
/** Connections that the engine counts besides its clients': the agent's own, */
const OWN_CONNECTIONS = 1;
/** and a second socket that listens: it leaves out only one. */
const PROXY_LISTENERS = 1;

/** The agent's conversation with one running Memcached. */
export class MemcachedSession implements EngineSession {
	private readonly connection: MemcachedConnection;
	/** Ends with the last question asked. The next one waits for it, so questions can't overtake each other. */
	private queue: Promise<unknown> = Promise.resolve();

	readonly appendFiles = null;
	clientLimit: ClientLimit | null = null;
	/** Null for a node whose size doesn't follow its load. */
	readonly elastic: MemcachedElastic | null;
	private readonly paths: InstancePaths;
	private readonly assignment: () => Assignment;
	/** Of the process that answers; null before the first look. */
	private processId: number | null = null;
	private readonly proxy: ProxyEngine;

	constructor(connection: MemcachedConnection, paths: InstancePaths, assignment: () => Assignment) {
		this.connection = connection;
		this.paths = paths;
		this.assignment = assignment;
		this.proxy = {
			path: paths.proxy,
			stats: (report) => this.stats(report),
			reload: () => {
				if (this.processId !== null) process.kill(this.processId, "SIGHUP");
			},
		};
		this.elastic =
			assignment().elastic === undefined
				? null
				: new MemcachedElastic({
						stats: (report) => this.stats(report),
						tell: (command) => this.tell(command),
						isLimited: () => (assignment().elastic?.ecpuPerSecond ?? null) !== null,
					});
	}

	get closed(): boolean {
		return this.connection.closed;
	}

	async observe(): Promise<EngineState & { processId: number }> {
		const fields = await this.stats();
		this.processId = numberOf(fields, "pid");
		return {
			processId: this.processId,
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
		const settings = await this.stats("settings");
		this.clientLimit = clientLimit(settings, assignment);
		const verbosity = wantedVerbosity(assignment.parameters);
		if (numberOf(settings, "verbosity") > verbosity) await this.tell(`verbosity ${verbosity}`);
		// An elastic one may keep more than it should have, until it can give it back.
		if (this.elastic === null)
			await this.keepMemoryLimit(assignment, numberOf(settings, "maxbytes"));
		const { log } = this.paths;
		const { size } = await stat(log).catch(() => ({ size: 0 }));
		// The engine appends, so it continues at the new end.
		if (size > LOG_MAX_BYTES) await truncate(log, 0);
		const isLed = await applyProxy(this.proxy, assignment);
		return { converged: isLed !== false, acted: isLed === "is" };
	}

	/** A running Memcached accepts these settings alone: memory for data, and the nodes that its proxy leads to. */
	async applySettings(assignment: Assignment): Promise<AppliedSettings> {
		if (this.elastic !== null) {
			const isLed = await applyProxy(this.proxy, assignment);
			const hasMemory = await this.elastic.applyMemory(assignment);
			return { refused: [], incomplete: isLed === false || !hasMemory };
		}
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
		const { proxy } = this.assignment();
		const direct =
			proxy === undefined ? countRequests(fields) : countProxied(await this.stats("proxy"));
		const requests = { direct, replicable: null };
		return {
			processId: numberOf(fields, "pid"),
			usage: readUsage(fields, requests, proxy !== undefined),
			storedBytes: numberOf(fields, "bytes"),
			memoryUsedBytes: (await this.elastic?.readUsedBytes()) ?? numberOf(fields, "bytes"),
			memoryMaxBytes: numberOf(fields, "limit_maxbytes"),
			clients: await this.countClients(fields),
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

	/** Beyond 64 connections, those of proxies that have just come or are about to go may count as well. */
	private async countClients(fields: ReadonlyMap<string, string>): Promise<number> {
		const { proxy, port } = this.assignment();
		const others = numberOf(fields, "curr_connections") - OWN_CONNECTIONS;
		if (proxy === undefined) return Math.max(0, others);
		if (others > LISTED_MAX) {
			const ofProxies = proxy.nodes.length * numberOf(fields, "threads");
			return Math.max(0, others - PROXY_LISTENERS - ofProxies);
		}
		return [...(await this.stats("conns"))].filter(
			([name, address]) => name.endsWith(":listen_addr") && address.endsWith(`:${port}`),
		).length;
	}

	/** No command ends it unless all clients may use that command, so the agent uses signals. */
	async shutdown(): Promise<void> {}

	async shutdownKeepingData(): Promise<void> {
		throw new Error("Memcached keeps no data");
	}

	close(): void {
		this.connection.close();
	}

	private stats(report = ""): Promise<ReadonlyMap<string, string>> {
		return this.inTurn(() => this.connection.stats(COMMAND_TIMEOUT_MS, report));
	}

	private inTurn<T>(ask: () => Promise<T>): Promise<T> {
		const answer = this.queue.then(ask);
		// The caller gets the failure; the next question only waits for the end.
		this.queue = answer.catch(() => {});
		return answer;
	}
}

function clientLimit(
	settings: ReadonlyMap<string, string>,
	{ parameters }: Assignment,
): ClientLimit | null {
	const actual = numberOf(settings, "maxconns");
	const wanted = wantedConnections(parameters);
	return actual > 0 && actual < wanted ? { actual, wanted } : null;
}
