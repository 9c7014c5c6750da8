import type { z } from "zod";
import type { Assignment, engineStateSchema } from "../../server/contract/agent.ts";
import type { InstancePaths } from "../instances/instance-paths.ts";

export type EngineState = z.infer<typeof engineStateSchema>;

export interface LaunchContext {
	readonly assignment: Assignment;
	readonly paths: InstancePaths;
	readonly bindAddress: string;
	readonly advertisedAddress: string;
	/** True when no process of this instance ever answered, so that it can hold no data. */
	readonly firstLaunch: boolean;
}

/** Counters since the process started, and gauges. The sampler makes rates of them. */
export interface EngineCounters {
	readonly memoryUsedBytes: number;
	readonly memoryMaxBytes: number;
	readonly clients: number;
	readonly keys: number;
	/** Commands of others than the agent. */
	readonly commands: number;
	readonly hits: number;
	readonly misses: number;
	readonly evictions: number;
	readonly cpuSeconds: number;
	readonly replicationLagBytes: number | null;
}

/** What an engine process was told to become. */
export interface Convergence {
	/** Role and settings are as wanted. */
	readonly converged: boolean;
	/** Something was changed just now: look again soon. */
	readonly acted: boolean;
}

/** A live, authenticated connection to one engine process. Every method throws when the engine doesn't answer in time. */
export interface EngineSession {
	readonly closed: boolean;
	observe(): Promise<EngineState & { processId: number }>;
	/** Compares what is with what is wanted, and acts on one difference. Safe to repeat. */
	converge(assignment: Assignment, state: EngineState): Promise<Convergence>;
	/** Applies settings that a running engine can take: users, passwords, memory. */
	applySettings(assignment: Assignment): Promise<void>;
	sample(): Promise<EngineCounters>;
	/** Tells the engine to end without keeping its data. */
	shutdown(): Promise<void>;
	close(): void;
}

/** Everything that differs from one engine to the next. */
export interface EngineDriver {
	/** Whether a program file is one that this engine runs as. */
	isServerProgram(path: string): boolean;
	/** Whether a command line is that of a helper process which the engine forked. */
	isHelperProcess(commandLine: string): boolean;
	/** Writes all files that the engine reads at its start. */
	writeFiles(context: LaunchContext): Promise<void>;
	/** Whether a process of this instance ever took connections, as its log says: only then can it have held data. */
	hasServed(paths: InstancePaths): Promise<boolean>;
	launchArguments(paths: InstancePaths): readonly string[];
	/** Connects as the system user. Throws EngineCommandError when what listens there is not this node's engine. */
	openSession(context: {
		/** Asked at each use, since it may change while the session lasts. */
		assignment: () => Assignment;
		paths: InstancePaths;
		bindAddress: string;
		timeoutMs: number;
	}): Promise<EngineSession>;
}
