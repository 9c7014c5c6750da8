import { mkdir } from "node:fs/promises";
import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import type { Assignment } from "../../server/contract/agent.ts";
import type { InstancePaths } from "../instances/instance-paths.ts";
import { askNode, type NodeAddress } from "./ask-node.ts";
import { ClusterConvergence } from "./cluster-convergence.ts";
import { type ClusterTopology, clusterStateOf, readTopology } from "./cluster-topology.ts";
import type {
	AppliedSettings,
	Convergence,
	EngineCounters,
	EngineSession,
	EngineState,
} from "./driver.ts";
import type { EngineConnection } from "./engine-connection.ts";
import { ReplicationConvergence } from "./replication-convergence.ts";
import type { RespValue } from "./resp-parser.ts";
import { SentinelGuard } from "./sentinel-guard.ts";
import { renderAcl } from "./valkey-acl.ts";
import {
	countKeys,
	countRequests,
	type InfoFields,
	infoNumber,
	parseInfo,
	readEngineState,
} from "./valkey-info.ts";
import { applyParameters } from "./valkey-parameters.ts";

const COMMAND_TIMEOUT_MS = 2_000;
/** Saving takes about 5 s a GiB, after up to 10 s of waiting for replicas. */
const SAVE_TIMEOUT_MS = 30 * 60_000;

/** The agent's conversation with one running Valkey or Redis. */
export class ValkeySession implements EngineSession {
	private readonly connection: EngineConnection;
	private readonly paths: InstancePaths;
	private readonly assignment: () => Assignment;
	private readonly replication: ReplicationConvergence;
	private readonly cluster: ClusterConvergence;
	private readonly inTouch: () => boolean;
	private readonly guard = new SentinelGuard((...args) => this.command(...args));
	/** As of the last observation; null with cluster mode disabled. */
	private topology: ClusterTopology | null = null;

	constructor(options: {
		connection: EngineConnection;
		paths: InstancePaths;
		assignment: () => Assignment;
		inTouch: () => boolean;
		turnedLately: () => boolean;
		onClosed: () => void;
	}) {
		this.connection = options.connection;
		this.connection.onLost = options.onClosed;
		this.paths = options.paths;
		this.assignment = options.assignment;
		this.inTouch = options.inTouch;
		const doors = {
			inTouch: options.inTouch,
			turnedLately: options.turnedLately,
			command: (...args: string[]) => this.command(...args),
			askNode: (node: NodeAddress, command: readonly string[]) => this.askNode(node, command),
		};
		this.replication = new ReplicationConvergence(doors);
		this.cluster = new ClusterConvergence(doors);
	}

	get closed(): boolean {
		return this.connection.closed;
	}

	async observe(): Promise<EngineState & { processId: number }> {
		// All in one packet, answered at one moment.
		const [info, topology] = await Promise.all([
			this.info("server", "persistence", "replication"),
			this.assignment().cluster === null ? null : this.readTopology(),
		]);
		this.topology = topology;
		const state = readEngineState(info);
		return { ...state, cluster: topology === null ? null : clusterStateOf(topology) };
	}

	async converge(assignment: Assignment, state: EngineState): Promise<Convergence> {
		if (state.loading) return { converged: false, acted: false };
		if (assignment.cluster === null) {
			await this.guard.keep(assignment.auth, state.role === "primary" && this.inTouch());
			return await this.replication.converge(assignment, state);
		}
		if (this.topology === null) return { converged: false, acted: false };
		return await this.cluster.converge(assignment.cluster, this.topology);
	}

	async applySettings(assignment: Assignment): Promise<AppliedSettings> {
		const acl = renderAcl(assignment);
		// It may have been deleted under a running engine.
		await mkdir(this.paths.directory, { recursive: true, mode: 0o700 });
		if ((await readFileIfExists(this.paths.acl)) !== acl) {
			await writeFileAtomic(this.paths.acl, acl);
			await this.command("ACL", "LOAD");
			this.guard.forget();
		}
		const { systemUsername, systemPassword } = assignment.auth;
		await this.command(
			"CONFIG",
			"SET",
			...["maxmemory", String(assignment.maxmemoryBytes)],
			...["masteruser", systemUsername, "masterauth", systemPassword],
		);
		const refused = await applyParameters(assignment.parameters, (...args) =>
			this.command(...args),
		);
		return { refused };
	}

	/**
	 * Lag is what the primary has written less what this replica has applied. A replica doesn't know the first, so the
	 * primary is asked at the same moment; null when it doesn't answer. The two answers are some tenths of a
	 * millisecond apart, so a busy pair in sync may show a few bytes, never fewer than 0.
	 */
	async sample(): Promise<EngineCounters> {
		const { role } = this.assignment();
		const [fields, primaryOffset] = await Promise.all([
			this.info("clients", "memory", "stats", "cpu", "keyspace", "replication", "commandstats"),
			role.kind === "replica" ? this.readPrimaryOffset(role.of) : null,
		]);
		return {
			memoryUsedBytes: infoNumber(fields, "used_memory"),
			memoryMaxBytes: infoNumber(fields, "maxmemory"),
			// Less the agent itself.
			clients: Math.max(0, infoNumber(fields, "connected_clients") - 1),
			keys: countKeys(fields),
			commands: countRequests(fields),
			hits: infoNumber(fields, "keyspace_hits"),
			misses: infoNumber(fields, "keyspace_misses"),
			evictions: infoNumber(fields, "evicted_keys"),
			cpuSeconds: infoNumber(fields, "used_cpu_sys") + infoNumber(fields, "used_cpu_user"),
			replicationLagBytes:
				primaryOffset === null || fields.get("role") !== "slave"
					? null
					: Math.max(0, primaryOffset - infoNumber(fields, "slave_repl_offset")),
		};
	}

	async shutdown(): Promise<void> {
		// NOW and FORCE: don't wait for replicas and don't mind failed saves; nothing of it is kept.
		await this.command("SHUTDOWN", "NOSAVE", "NOW", "FORCE");
	}

	async shutdownKeepingData(): Promise<void> {
		// It first lets its replicas catch up, and writes down where its history stands, so that they can go on from there.
		await this.connection.command(["SHUTDOWN", "SAVE"], SAVE_TIMEOUT_MS);
	}

	close(): void {
		this.connection.close();
	}

	private async readTopology(): Promise<ClusterTopology> {
		const [nodes, info, slots] = await Promise.all([
			this.command("CLUSTER", "NODES"),
			this.command("CLUSTER", "INFO"),
			this.command("CLUSTER", "SLOTS"),
		]);
		return readTopology(nodes, info, slots);
	}

	private async readPrimaryOffset(primary: NodeAddress): Promise<number | null> {
		const text = await this.askNode(primary, ["INFO", "replication"]);
		return typeof text === "string" ? infoNumber(parseInfo(text), "master_repl_offset") : null;
	}

	private askNode(node: NodeAddress, command: readonly string[]): Promise<RespValue> {
		return askNode(this.assignment().auth, node, command);
	}

	private async info(...sections: string[]): Promise<InfoFields> {
		const text = await this.command("INFO", ...sections);
		if (typeof text !== "string") throw new Error("INFO answered no text");
		return parseInfo(text);
	}

	private command(...args: string[]) {
		return this.connection.command(args, COMMAND_TIMEOUT_MS);
	}
}
