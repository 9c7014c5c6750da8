import { mkdir } from "node:fs/promises";
import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { ClientLimit } from "../../server/contract/host-report.ts";
import { CLIENTS_MAX_DEFAULT } from "../../server/contract/limits.ts";
import type { InstancePaths } from "../instances/instance-paths.ts";
import { HELLO_CHANNEL } from "../sentinel/hello-channel.ts";
import { AppendFiles } from "./append-files.ts";
import { askNode, type NodeAddress } from "./ask-node.ts";
import { ClientCount } from "./client-count.ts";
import { ClusterConvergence } from "./cluster-convergence.ts";
import { type ClusterTopology, clusterStateOf, readTopology } from "./cluster-topology.ts";
import { Detachment } from "./detachment.ts";
import type {
	AppliedSettings,
	Convergence,
	EngineCounters,
	EngineSession,
	EngineState,
} from "./driver.ts";
import { EngineAdditions } from "./engine-additions.ts";
import { EngineCommandError, type EngineConnection } from "./engine-connection.ts";
import { KeyByKeyMoves } from "./key-by-key-moves.ts";
import { leadSettings } from "./lead-permission.ts";
import { NODE_TIMEOUT_QUESTION, NodeTimeoutLease } from "./node-timeout-lease.ts";
import { ReadOnlyGuard } from "./read-only-guard.ts";
import { ReplicationConvergence } from "./replication-convergence.ts";
import { DETACHED_LOGIN, replicationLogin } from "./replication-login.ts";
import type { RespValue } from "./resp-parser.ts";
import { SentinelGuard } from "./sentinel-guard.ts";
import { SlotMoves } from "./slot-moves.ts";
import { renderAcl } from "./valkey-acl.ts";
import { ioThreads } from "./valkey-configuration.ts";
import { ValkeyElastic } from "./valkey-elastic.ts";
import { movesSlotsItself } from "./valkey-flavor.ts";
import {
	countKeys,
	type InfoFields,
	infoNumber,
	isBarred,
	parseInfo,
	readEngineState,
	readRequests,
} from "./valkey-info.ts";
import { applyParameters } from "./valkey-parameters.ts";
import { readStoredBytes, readUsage } from "./valkey-usage.ts";

const COMMAND_TIMEOUT_MS = 2_000;
/** Saving takes about 5 s per GiB, after up to 10 s of waiting for replicas. */
const SAVE_TIMEOUT_MS = 30 * 60_000;

/** The agent's conversation with one running Valkey or Redis. */
export class ValkeySession implements EngineSession {
	private readonly connection: EngineConnection;
	private readonly paths: InstancePaths;
	private readonly assignment: () => Assignment;
	private readonly replication: ReplicationConvergence;
	private readonly cluster: ClusterConvergence;
	private readonly detachment: Detachment;
	private readonly slotMoves: SlotMoves;
	private readonly keyByKey: KeyByKeyMoves;
	private readonly clients = new ClientCount((...args) => this.command(...args));
	readonly elastic = new ValkeyElastic(
		(...args) => this.command(...args),
		() => this.writeCommands(),
		this.clients,
	);
	readonly appendFiles: AppendFiles;
	private readonly inTouch: () => boolean;
	private readonly cacheHosts: () => readonly string[];
	private readonly guard = new SentinelGuard((...args) => this.command(...args));
	private readonly readOnly = new ReadOnlyGuard((...args) => this.command(...args));
	/** Whether this session has applied the users. */
	private usersApplied = false;
	private writes: ReadonlySet<string> | null = null;
	private readonly additions = new EngineAdditions((...args) => this.command(...args));
	private readonly nodeTimeout = new NodeTimeoutLease((...args) => this.command(...args));
	/** As of the last observation; null with cluster mode disabled. */
	private topology: ClusterTopology | null = null;
	/** As of the last observation. */
	private clientsMax = CLIENTS_MAX_DEFAULT;
	/** As of the last observation: a replica that may not lead yet. */
	private barred = false;

	constructor(options: {
		connection: EngineConnection;
		paths: InstancePaths;
		assignment: () => Assignment;
		inTouch: () => boolean;
		cacheHosts: () => readonly string[];
		turnedLately: () => boolean;
		onClosed: () => void;
	}) {
		this.connection = options.connection;
		this.connection.onLost = options.onClosed;
		this.paths = options.paths;
		this.appendFiles = new AppendFiles(options.paths, (...args) => this.command(...args));
		this.assignment = options.assignment;
		this.inTouch = options.inTouch;
		this.cacheHosts = options.cacheHosts;
		const doors = {
			inTouch: options.inTouch,
			turnedLately: options.turnedLately,
			command: (...args: string[]) => this.command(...args),
			askNode: (node: NodeAddress, command: readonly string[]) => this.askNode(node, command),
		};
		this.replication = new ReplicationConvergence(doors);
		this.cluster = new ClusterConvergence(doors);
		this.detachment = new Detachment(doors);
		const auth = () => this.assignment().auth;
		this.slotMoves = new SlotMoves({ ...doors, auth });
		this.keyByKey = new KeyByKeyMoves({ ...doors, assignment: this.assignment });
	}

	get closed(): boolean {
		return this.connection.closed;
	}

	get clientLimit(): ClientLimit | null {
		if (!this.usersApplied || this.clientsMax >= CLIENTS_MAX_DEFAULT) return null;
		return { actual: this.clientsMax, wanted: CLIENTS_MAX_DEFAULT };
	}

	async observe(): Promise<EngineState & { processId: number }> {
		// Sent together, so that the answers describe nearly the same moment.
		const [info, topology] = await Promise.all([
			this.info("server", "clients", "persistence", "replication"),
			this.assignment().cluster === null ? null : this.readTopology(),
		]);
		this.topology = topology;
		this.barred = isBarred(info);
		this.appendFiles.note(info);
		this.clientsMax = Number(info.get("maxclients") ?? CLIENTS_MAX_DEFAULT);
		const state = readEngineState(info);
		const additions = state.loading ? undefined : await this.additions.read(this.assignment());
		return {
			...state,
			...(additions !== undefined && { additions }),
			cluster: topology === null ? null : await this.clusterState(topology),
		};
	}

	private async clusterState(topology: ClusterTopology) {
		const moves = [...this.slotMoves.report(), ...this.keyByKey.report(topology)];
		const state = { ...clusterStateOf(topology), moves };
		const { self } = topology;
		if (!self.isPrimary || self.slots.length > 0) return state;
		return { ...state, keys: countKeys(await this.info("keyspace")) };
	}

	async converge(assignment: Assignment, state: EngineState): Promise<Convergence> {
		if (state.loading) return { converged: false, acted: false };
		// An engine that an earlier version of the agent started has that version's users.
		if (!this.usersApplied) {
			await this.applyUsers(assignment);
			await this.allowAllClients();
		}
		if (this.barred && state.synced) await this.letLead(assignment);
		if (assignment.detached === undefined) this.detachment.end();
		else if (state.role === "replica") {
			return await this.detachment.converge(state, assignment.detached.others);
		}
		if (assignment.cluster === null) {
			const guarded = state.role === "primary" && this.inTouch();
			await this.guard.keep(assignment.auth, guarded ? [] : this.cacheHosts());
			await this.readOnly.keep();
			return await this.replication.converge(assignment, state);
		}
		if (this.topology === null) return { converged: false, acted: false };
		const moved = await this.moveSlots(assignment, assignment.cluster, this.topology);
		const { converged, acted } = await this.cluster.converge(assignment.cluster, this.topology);
		return { converged, acted: acted || moved };
	}

	/** The engine moves slots itself if it can and that works. Moves that began key by key are finished key by key. */
	private async moveSlots(
		{ engine, engineVersion }: Assignment,
		cluster: NonNullable<Assignment["cluster"]>,
		topology: ClusterTopology,
	): Promise<boolean> {
		const { open } = topology;
		const isOpen = open.in.length + open.out.length > 0;
		const byItself = movesSlotsItself(engine, engineVersion) && !isOpen;
		if (byItself && !this.slotMoves.isExhausted) {
			return await this.slotMoves.keep(cluster, topology);
		}
		return await this.keyByKey.keep(cluster, topology);
	}

	/** An engine that started while its host allowed fewer keeps that number, though more may be allowed by now. */
	private async allowAllClients(): Promise<void> {
		if (this.clientsMax >= CLIENTS_MAX_DEFAULT) return;
		try {
			await this.command("CONFIG", "SET", "maxclients", String(CLIENTS_MAX_DEFAULT));
			this.clientsMax = CLIENTS_MAX_DEFAULT;
		} catch (error) {
			// It says that the limit on open files is too low for that.
			if (!(error instanceof EngineCommandError)) throw error;
		}
	}

	private async applyUsers(assignment: Assignment): Promise<void> {
		const acl = renderAcl(assignment);
		// The directory may have been deleted under a running engine.
		await mkdir(this.paths.directory, { recursive: true, mode: 0o700 });
		if ((await readFileIfExists(this.paths.acl)) !== acl) {
			await writeFileAtomic(this.paths.acl, acl);
			await this.command("ACL", "LOAD");
			this.guard.forget();
		}
		const isDetached = assignment.detached !== undefined;
		const { username, password } = isDetached ? DETACHED_LOGIN : replicationLogin(assignment.auth);
		await this.command("CONFIG", "SET", "masteruser", username, "masterauth", password);
		this.usersApplied = true;
	}

	async applySettings(assignment: Assignment): Promise<AppliedSettings> {
		await this.applyUsers(assignment);
		const incomplete = !(await this.elastic.applyMemory(assignment));
		await this.applyThreads(assignment);
		const refused = await applyParameters(assignment.parameters, (...args) =>
			this.command(...args),
		);
		return { refused, ...(incomplete && { incomplete }) };
	}

	/** Some versions accept a number of threads only when they start. */
	private async applyThreads({ parameters, vcpus }: Assignment): Promise<void> {
		if (parameters.some(({ name }) => name === "io-threads")) return;
		const threads = String(ioThreads(vcpus));
		const present = await this.command("CONFIG", "GET", "io-threads");
		if (Array.isArray(present) && present[1] === threads) return;
		try {
			await this.command("CONFIG", "SET", "io-threads", threads);
		} catch (error) {
			if (!(error instanceof EngineCommandError)) throw error;
		}
	}

	async setSyncDelay(seconds: number): Promise<void> {
		await this.command("CONFIG", "SET", "repl-diskless-sync-delay", String(seconds));
	}

	/**
	 * Lag is what the primary has written minus what this replica has applied. A replica doesn't know the
	 * first, so the session asks the primary at the same moment; null if the primary doesn't answer. The two
	 * answers are some tenths of a millisecond apart, so a busy pair in sync may show a few bytes, never fewer
	 * than 0.
	 */
	async sample(): Promise<EngineCounters> {
		const { role } = this.assignment();
		const [fields, writes, sentinels, primaryOffset] = await Promise.all([
			this.info(
				...["server", "clients", "memory", "stats", "cpu", "keyspace"],
				...["replication", "commandstats"],
			),
			this.writeCommands(),
			this.countSentinels(),
			role.kind === "replica" ? this.readPrimaryOffset(role.of) : null,
		]);
		const requests = readRequests(fields, writes, sentinels);
		return {
			processId: infoNumber(fields, "process_id"),
			usage: readUsage(fields, writes, requests),
			storedBytes: fields.get("role") === "slave" ? 0 : readStoredBytes(fields),
			memoryUsedBytes: infoNumber(fields, "used_memory"),
			memoryMaxBytes: infoNumber(fields, "maxmemory"),
			clients: await this.clients.count(infoNumber(fields, "connected_clients")),
			refusedClients: infoNumber(fields, "rejected_connections"),
			keys: countKeys(fields),
			requests,
			hits: infoNumber(fields, "keyspace_hits"),
			misses: infoNumber(fields, "keyspace_misses"),
			evictions: infoNumber(fields, "evicted_keys"),
			cpuSeconds: infoNumber(fields, "used_cpu_sys") + infoNumber(fields, "used_cpu_user"),
			replicationLagBytes:
				primaryOffset === null || fields.get("role") !== "slave"
					? null
					: Math.max(0, primaryOffset - infoNumber(fields, "slave_repl_offset")),
			uptimeSeconds: infoNumber(fields, "uptime_in_seconds"),
		};
	}

	async killScript(): Promise<boolean> {
		// Each command accepts only its own kind, and refuses the other.
		for (const kind of ["SCRIPT", "FUNCTION"]) {
			try {
				await this.command(kind, "KILL");
				return true;
			} catch (error) {
				if (!(error instanceof EngineCommandError)) throw error;
			}
		}
		return false;
	}

	async shutdown(): Promise<void> {
		// NOW and FORCE: don't wait for replicas and ignore failed saves; nothing is kept.
		await this.command("SHUTDOWN", "NOSAVE", "NOW", "FORCE");
	}

	async shutdownKeepingData(): Promise<void> {
		// The engine first lets its replicas catch up, and records where its history ends, so that they can
		// continue from there.
		const hasFiles = this.appendFiles.isComplete && this.assignment().elastic?.asleep !== true;
		const kept = hasFiles ? "NOSAVE" : "SAVE";
		await this.connection.command(["SHUTDOWN", kept], SAVE_TIMEOUT_MS);
	}

	close(): void {
		this.keyByKey.stop();
		this.connection.close();
	}

	private async letLead(assignment: Assignment): Promise<void> {
		const settings = leadSettings(assignment, true).flat().map(String);
		await this.command("CONFIG", "SET", ...settings);
		this.barred = false;
	}

	private async readTopology(): Promise<ClusterTopology> {
		const [nodes, info, slots, timeout] = await Promise.all([
			this.command("CLUSTER", "NODES"),
			this.command("CLUSTER", "INFO"),
			this.command("CLUSTER", "SLOTS"),
			this.command(...NODE_TIMEOUT_QUESTION),
		]);
		await this.nodeTimeout.keep(timeout, performance.now());
		return readTopology(nodes, info, slots);
	}

	/** The commands that write, as the engine names them; it is asked only once. */
	private async writeCommands(): Promise<ReadonlySet<string>> {
		if (this.writes !== null) return this.writes;
		const names = await this.command("COMMAND", "LIST", "FILTERBY", "ACLCAT", "write");
		this.writes = new Set(Array.isArray(names) ? names.map(String) : []);
		return this.writes;
	}

	/** Each Sentinel listens on this channel of every node that it watches. */
	private async countSentinels(): Promise<number> {
		if (this.assignment().cluster !== null) return 0;
		const answer = await this.command("PUBSUB", "NUMSUB", HELLO_CHANNEL);
		return Array.isArray(answer) ? Number(answer[1] ?? 0) : 0;
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
		if (typeof text !== "string") throw new Error("INFO didn't return text");
		return parseInfo(text);
	}

	private command(...args: string[]) {
		return this.connection.command(args, COMMAND_TIMEOUT_MS);
	}
}
