import type { z } from "zod";
import type { Logger } from "../../platform/logger.ts";
import type { RequestCounters } from "../../server/contract/client-requests.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { ClientLimit, engineStateSchema } from "../../server/contract/host-report.ts";
import type { Persistence } from "../../server/contract/persistence.ts";
import type { UsageCounters } from "../../server/contract/usage-reading.ts";
import type { ClientSigns } from "../elastic/client-presence.ts";
import type { InstancePaths } from "../instances/instance-paths.ts";

export type EngineState = z.infer<typeof engineStateSchema>;

/**
 *   first    no process of this instance ever answered, so it can hold no data
 *   again    after an exit: the node starts empty
 *   reboot   after an end that kept the data: the node starts with it
 */
export type LaunchKind = "first" | "again" | "reboot";

export interface LaunchContext {
	readonly assignment: Assignment;
	readonly paths: InstancePaths;
	readonly bindAddress: string;
	readonly advertisedAddress: string;
	readonly kind: LaunchKind;
	/**
	 * Parameters that the running engine refused, with the refused value: it would refuse to start with them
	 * too.
	 */
	readonly refusedParameters: ParameterValues;
	/** What the engine must load; null for what the kind says. */
	readonly restoreFile: string | null;
	/** It loads its append-only files, and goes on writing them. */
	readonly fromAppendFiles: boolean;
	readonly logger: Logger;
}

/** Values of parameters by name. */
export type ParameterValues = Readonly<Record<string, string>>;

/** The result of giving settings to a running engine. */
export interface AppliedSettings {
	/** Live parameters that the engine refused, with its own message. */
	readonly refused: readonly { name: string; value: string; message: string }[];
	/**
	 * The engine doesn't have all settings yet. It may keep more memory than it should have, because with less it would
	 * evict keys or refuse writes.
	 */
	readonly incomplete?: boolean;
}

/** Counters since the process started, and gauges. The sampler turns counters into rates. */
export interface EngineCounters {
	/** Of the process that answered. */
	readonly processId: number;
	readonly usage: UsageCounters;
	/** Memory for keys and values; 0 on a replica. */
	readonly storedBytes: number;
	readonly memoryUsedBytes: number;
	readonly memoryMaxBytes: number;
	readonly clients: number;
	/** Clients refused because there were too many. */
	readonly refusedClients: number;
	readonly keys: number;
	readonly requests: RequestCounters;
	readonly hits: number;
	readonly misses: number;
	readonly evictions: number;
	readonly cpuSeconds: number;
	readonly replicationLagBytes: number | null;
	readonly uptimeSeconds: number;
}

/** What the size of an elastic node, and the speed of its clients, are controlled with. */
export interface ElasticControl {
	/** `used_memory`. */
	readUsedBytes(): Promise<number>;
	/** What shows whether it has clients. */
	readClientSigns(): Promise<ClientSigns>;
	/** Gives the engine this much memory for data, unless it has as much already. */
	grow(maxmemoryBytes: number): Promise<void>;
	/** Makes clients' writes wait. */
	holdWrites(forMs: number): Promise<void>;
	/** The commands that write, as the engine names them. */
	writeCommands(): Promise<ReadonlySet<string>>;
	/** How often a second the engine looks at what time brings, such as the end of a pause. */
	setTicksPerSecond(ticks: number): Promise<void>;
	/** Restores users that were deleted from the running engine. */
	reloadUsers(): Promise<void>;
	/** For how long clients have waited in all, if the engine itself keeps them to their ECPUs; null if it can't. */
	readonly throttledMs: number | null;
}

/** What the append-only files of a running engine are worth. */
export interface AppendState {
	/** incomplete: the engine is still writing the first file. */
	readonly files: "off" | "incomplete" | "complete";
	/** What keeps it from writing, in a clause; null for nothing. */
	readonly problem: string | null;
}

/** Turns the append-only files of a running engine on and off. */
export interface AppendControl {
	/** As of the last observation. */
	look(): Promise<AppendState>;
	turnOn(persistence: Persistence): Promise<void>;
	turnOff(): Promise<void>;
	/** How often it makes sure that what it has written is on disk. */
	keepPace(persistence: Persistence): Promise<void>;
}

/** The result of one step of convergence. */
export interface Convergence {
	/** Role and settings are as wanted. */
	readonly converged: boolean;
	/** Something was changed just now: look again soon. */
	readonly acted: boolean;
}

/**
 * A live, authenticated connection to one engine process. Every method throws if the engine doesn't answer in
 * time.
 */
export interface EngineSession {
	readonly closed: boolean;
	/**
	 * As of the last look; null if the node serves as many clients as it should, or if the engine hasn't been asked to
	 * yet.
	 */
	readonly clientLimit: ClientLimit | null;
	/** Null for an engine that can't be elastic. */
	readonly elastic: ElasticControl | null;
	/** Null for an engine that can't write any. */
	readonly appendFiles: AppendControl | null;
	observe(): Promise<EngineState & { processId: number }>;
	/** Compares the actual with the wanted state, and acts on one difference. Safe to repeat. */
	converge(assignment: Assignment, state: EngineState): Promise<Convergence>;
	/** Applies settings that a running engine can take: users, passwords, memory, live parameters. */
	applySettings(assignment: Assignment): Promise<AppliedSettings>;
	/** How long a primary waits before it sends its data to replicas that ask for it. */
	setSyncDelay(seconds: number): Promise<void>;
	sample(): Promise<EngineCounters>;
	/**
	 * Kills the running script or function. False if none runs, or if it has written something, which would
	 * stay half done.
	 */
	killScript(): Promise<boolean>;
	/** Tells the engine to end without keeping its data. */
	shutdown(): Promise<void>;
	/** Tells the engine to end with its data kept. Throws EngineCommandError when it refuses, any Error once it ends. */
	shutdownKeepingData(): Promise<void>;
	close(): void;
}

/** The result of reading kept data. */
export interface KeptDataCheck {
	/** What is wrong with it, in a clause; null if it is whole. */
	readonly fault: string | null;
	/** Databases that have keys. */
	readonly databases: readonly number[];
}

export interface Inheritance {
	readonly variables?: Readonly<Record<string, string>>;
	/** Null or absent for nothing to read. */
	readonly stdin?: string | null;
}

/** Everything that differs from one engine to the next. */
export interface EngineDriver {
	/** Whether a node may hold data that its siblings lack, or can keep its own across a reboot. */
	readonly keepsData: boolean;
	/** Whether this program file is the engine's server. */
	isServerProgram(path: string): boolean;
	/** Whether this command line belongs to a helper process that the engine forked. */
	isHelperProcess(commandLine: string): boolean;
	/** Ports that it listens on. */
	ports(assignment: Assignment): readonly number[];
	/** Why a node that ran before and lost its data may not start yet, in a sentence; null if it may. */
	holdBackCause(assignment: Assignment, paths: InstancePaths): Promise<string | null>;
	/** Why a node that ran before has lost its identity, in a sentence; null if it hasn't. */
	lostIdentityCause(assignment: Assignment, paths: InstancePaths): Promise<string | null>;
	/** Writes all files that the engine reads at its start. */
	writeFiles(context: LaunchContext): Promise<void>;
	/**
	 * Whether a process of this instance ever accepted clients, according to its log: only then can it have
	 * held data.
	 */
	hasServed(paths: InstancePaths): Promise<boolean>;
	/** Whether the engine's append-only files exist. */
	hasAppendFiles(paths: InstancePaths): Promise<boolean>;
	/** What is wrong with them, in a clause; null if they are whole. `program` is the engine's server. */
	findAppendFault(paths: InstancePaths, program: string): Promise<string | null>;
	/** Whether the data kept for a reboot exists. */
	hasKeptData(paths: InstancePaths): Promise<boolean>;
	/** Reads all of the kept data. `program` is the engine's server. */
	checkKeptData(paths: InstancePaths, program: string): Promise<KeptDataCheck>;
	/** Moves kept data that the engine couldn't load to where people can examine it. Returns whether it did. */
	keepUnloadedData(paths: InstancePaths): Promise<boolean>;
	/**
	 * Moves kept data out of the way once the engine has loaded it, so that no later start loads it when it is stale.
	 */
	discardKeptData(paths: InstancePaths): Promise<void>;
	launchArguments(context: LaunchContext): readonly string[];
	/** What the process gets from its agent besides arguments: variables, and a file as its standard input. */
	inheritance(paths: InstancePaths): Inheritance;
	/** Connects as the system user. Throws EngineCommandError if the listener isn't this node's engine. */
	openSession(context: {
		/** Read at each use, because it may change during the session. */
		assignment: () => Assignment;
		paths: InstancePaths;
		bindAddress: string;
		timeoutMs: number;
		/** Whether the assignment is what the control plane wants now. */
		inTouch: () => boolean;
		/** Advertised addresses of all hosts with a node of its cache, as the control plane last said. */
		cacheHosts: () => readonly string[];
		/**
		 * Whether the engine's role or primary changed so recently that the control plane may not know it yet.
		 */
		turnedLately: () => boolean;
		/** The connection has ended, and not by `close`. */
		onClosed: () => void;
	}): Promise<EngineSession>;
}
