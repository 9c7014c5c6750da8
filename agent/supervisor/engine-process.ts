import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import {
	identifyProcess,
	type ProcessIdentity,
	signalProcess,
} from "../../platform/process-identity.ts";
import type { LivenessWatch } from "./liveness-watch.ts";

const GONE = "its process is gone";

/** One engine process, started by this agent or adopted from an earlier one. */
export class EngineProcess {
	readonly identity: ProcessIdentity;
	private readonly listeners: (() => void)[] = [];
	private readonly ending: Promise<string> | null;
	private exit: { detail: string } | null = null;
	private unwatch: () => void = () => {};

	/** `ending` resolves to a child's exit code or signal; null for a process that isn't a child. */
	constructor(
		identity: ProcessIdentity,
		liveness: LivenessWatch,
		ending: Promise<string> | null = null,
	) {
		this.identity = identity;
		this.ending = ending;
		this.unwatch = liveness.watch(identity, () => this.markExited(GONE));
		void ending?.then((detail) => this.markExited(detail));
	}

	get alive(): boolean {
		return this.exit === null;
	}

	/** What is known at once about its end, for people; null while it lives. */
	get exitDetail(): string | null {
		return this.exit?.detail ?? null;
	}

	/**
	 * How it ended: "exit code 1", "signal SIGKILL". The kernel tells a child's only after it has freed the
	 * memory, so `onExit` calls back earlier. Of a process that isn't a child nobody learns more than that it is gone.
	 */
	async howItEnded(): Promise<string> {
		return this.ending ?? GONE;
	}

	/** Whether it exited; false if a signal ended it, or if nobody knows. */
	async endedItself(): Promise<boolean> {
		return (await this.howItEnded()).startsWith("exit code");
	}

	/** Calls back once when the process has ended, or soon if it already has. */
	onExit(listener: () => void): void {
		if (this.exit === null) this.listeners.push(listener);
		else setImmediate(listener);
	}

	/** Signals exactly that process; false if it no longer exists. */
	signal(name: NodeJS.Signals): boolean {
		return signalProcess(this.identity, name);
	}

	/** Stops watching; the process keeps running. */
	release(): void {
		this.unwatch();
		this.listeners.length = 0;
	}

	private markExited(detail: string): void {
		if (this.exit !== null) return;
		this.exit = { detail };
		this.unwatch();
		for (const listener of this.listeners.splice(0)) listener();
	}
}

/**
 * Starts an engine that outlives the agent: a session of its own, no shell, and nothing inherited except its
 * log, which receives the engine's output until the engine opens the log itself. Throws if the program can't be started.
 */
export async function spawnEngine(options: {
	program: string;
	args: readonly string[];
	directory: string;
	log: string;
	/** A file that the engine reads as its standard input; null or absent for none. */
	stdin?: string | null;
	variables?: Readonly<Record<string, string>>;
	liveness: LivenessWatch;
}): Promise<EngineProcess> {
	const log = openSync(options.log, "a", 0o600);
	let input: number | null = null;
	try {
		if (options.stdin != null) input = openSync(options.stdin, "r");
		const child = spawn(options.program, [...options.args], {
			cwd: options.directory,
			detached: true,
			stdio: [input ?? "ignore", log, log],
			// Engines must not get the secrets in the agent's environment.
			env: {
				NODE_ENV: process.env.NODE_ENV,
				PATH: process.env.PATH,
				TZ: process.env.TZ,
				LC_ALL: "C",
				...options.variables,
			},
		});
		child.unref();
		const { pid } = child;
		if (pid === undefined) {
			throw await new Promise<Error>((resolve) => child.once("error", resolve));
		}
		// Node hasn't reaped it yet, so the pid can't have been reused.
		const identity = identifyProcess(pid) ?? { bootId: "", pid, startTicks: "" };
		const ending = new Promise<string>((resolve) => {
			child.once("exit", (code, signal) => {
				resolve(signal === null ? `exit code ${code}` : `signal ${signal}`);
			});
		});
		return new EngineProcess(identity, options.liveness, ending);
	} finally {
		closeSync(log);
		if (input !== null) closeSync(input);
	}
}
