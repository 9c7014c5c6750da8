import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { keepLogBounded, openLog } from "./log-file.ts";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
/** A process that ran this long was healthy: the next failure counts as the first again. */
const WELL_AFTER_MS = 60_000;
const KILL_AFTER_MS = 10_000;

export interface KeptProcessOptions {
	/** For people: `control plane`, `agent local-a`. */
	title: string;
	script: string;
	env: NodeJS.ProcessEnv;
	log: string;
	/** It ended without stop() or kill(), and will be restarted after this many milliseconds. */
	onEnd(title: string, how: string, restartInMs: number): void;
}

/**
 * A child that is restarted with a growing delay whenever it ends, until stop() or kill().
 *
 *   running ──ends──> waiting (delay) ──> running
 *      └────stop────────┴──> stopped
 */
export interface KeptProcess {
	readonly title: string;
	readonly pid: number | undefined;
	/** How often it ended without stop() or kill(). */
	readonly failures: number;
	/** Ends it; it is then restarted as after any end. Does nothing while none runs. */
	restart(): void;
	/** Sends SIGTERM, and SIGKILL if that doesn't end it in time. */
	stop(): Promise<void>;
	kill(): void;
}

export function keepProcess(options: KeptProcessOptions): KeptProcess {
	let child: ChildProcess | undefined;
	let restartTimer: NodeJS.Timeout | undefined;
	let stopping = false;
	let failures = 0;
	let failuresInARow = 0;

	const start = () => {
		const startedAt = performance.now();
		const log = openLog(options.log);
		// A session of its own: Ctrl-C on the terminal reaches only `up`, which then stops its children itself.
		const started = spawn(process.execPath, ["--enable-source-maps", options.script], {
			env: options.env,
			detached: true,
			stdio: ["ignore", log, log],
		});
		closeSync(log);
		child = started;
		let settled = false;
		const ended = (how: string) => {
			if (settled) return;
			settled = true;
			child = undefined;
			if (stopping) return;
			failures += 1;
			failuresInARow = performance.now() - startedAt > WELL_AFTER_MS ? 1 : failuresInARow + 1;
			const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (failuresInARow - 1), LONGEST_DELAY_MS);
			restartTimer = setTimeout(start, delayMs);
			options.onEnd(options.title, how, delayMs);
		};
		started.once("error", (error) => ended(error.message));
		started.once("exit", (code, signal) =>
			ended(signal === null ? `exit code ${code}` : `killed by ${signal}`),
		);
	};
	const stopBoundingLog = keepLogBounded(options.log);
	start();

	return {
		title: options.title,
		get pid() {
			return child?.pid;
		},
		get failures() {
			return failures;
		},
		restart() {
			if (child !== undefined) void endChild(child);
		},
		async stop() {
			stopping = true;
			clearTimeout(restartTimer);
			stopBoundingLog();
			const running = child;
			if (running === undefined) return;
			await endChild(running);
		},
		kill() {
			stopping = true;
			clearTimeout(restartTimer);
			child?.kill("SIGKILL");
		},
	};
}

async function endChild(child: ChildProcess): Promise<void> {
	const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
	child.kill("SIGTERM");
	const timer = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
	await exited;
	clearTimeout(timer);
}
