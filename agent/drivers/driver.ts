import type { z } from "zod";
import type { Logger } from "../../platform/logger.ts";
import type { Assignment, engineStateSchema } from "../../server/contract/agent.ts";
import type { InstancePaths } from "../instances/instance-paths.ts";

export type EngineState = z.infer<typeof engineStateSchema>;

/**
 *   first    no process of this instance ever answered, so that it can hold no data
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
	/** Parameters that the running engine refused, with the refused value: it would refuse to start with them too. */
	readonly refusedParameters: ParameterValues;
	readonly logger: Logger;
}

/** Values of parameters by name. */
export type ParameterValues = Readonly<Record<string, string>>;

/** What became of the settings that a running engine was given. */
export interface AppliedSettings {
	/** Live parameters that the engine didn't take, in its own words. */
	readonly refused: readonly { name: string; value: string; message: string }[];
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
	/** Applies settings that a running engine can take: users, passwords, memory, live parameters. */
	applySettings(assignment: Assignment): Promise<AppliedSettings>;
	sample(): Promise<EngineCounters>;
	/** Tells the engine to end without keeping its data. */
	shutdown(): Promise<void>;
	/** Tells the engine to end with its data kept. Throws EngineCommandError when it refuses, any Error once it ends. */
	shutdownKeepingData(): Promise<void>;
	close(): void;
}

/** Everything that differs from one engine to the next. */
export interface EngineDriver {
	/** Whether a node may hold data that its siblings haven't got, or can keep its own across a reboot. */
	readonly keepsData: boolean;
	/** Whether a program file is one that this engine runs as. */
	isServerProgram(path: string): boolean;
	/** Whether a command line is that of a helper process which the engine forked. */
	isHelperProcess(commandLine: string): boolean;
	/** Ports that it listens on. */
	ports(assignment: Assignment): readonly number[];
	/** Why a node that ran before and lost its data may not start yet, in a sentence; null when it may. */
	holdBackCause(assignment: Assignment, paths: InstancePaths): Promise<string | null>;
	/** Why a node that ran before can't be itself any more, in a sentence; null when it can. */
	lostIdentityCause(assignment: Assignment, paths: InstancePaths): Promise<string | null>;
	/** Writes all files that the engine reads at its start. */
	writeFiles(context: LaunchContext): Promise<void>;
	/** Whether a process of this instance ever took connections, as its log says: only then can it have held data. */
	hasServed(paths: InstancePaths): Promise<boolean>;
	/** Whether the data that a reboot kept is there. */
	hasKeptData(paths: InstancePaths): Promise<boolean>;
	/** Takes data that the engine has loaded out of the way, so that no later start comes back with what is stale by then. */
	discardKeptData(paths: InstancePaths): Promise<void>;
	launchArguments(context: LaunchContext): readonly string[];
	/** Connects as the system user. Throws EngineCommandError when what listens there is not this node's engine. */
	openSession(context: {
		/** Asked at each use, since it may change while the session lasts. */
		assignment: () => Assignment;
		paths: InstancePaths;
		bindAddress: string;
		timeoutMs: number;
		/** Whether what is wanted is what the control plane wants today. */
		inTouch: () => boolean;
		/** Whether the engine was made to lead, or to follow another, so lately that the control plane may not know it yet. */
		turnedLately: () => boolean;
		/** The engine has ended the conversation. */
		onClosed: () => void;
	}): Promise<EngineSession>;
}
