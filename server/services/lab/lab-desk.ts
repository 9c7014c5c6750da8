import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import {
	type LabMessage,
	type LabSample,
	type LabTask,
	labMessageSchema,
} from "../../contract/lab.ts";
import { findProjectRoot } from "../../platform/project-root.ts";

type Outcome = Extract<LabMessage, { kind: "done" }>;

export interface LabOutcome extends Outcome {
	/** Why it ended early; null if it didn't. */
	readonly stopReason: string | null;
	readonly samples: readonly LabSample[];
}

interface Job {
	readonly samples: LabSample[];
	/** Null until its turn comes. */
	child: ChildProcess | null;
	ended: Promise<void> | null;
	stopReason: string | null;
}

const fromSource = import.meta.filename.endsWith(".ts");
/** Deleting a million keys takes a while; a process that takes longer hangs. */
const STOP_MS = 30_000;
/** For filling the databases, and for cleaning up. */
const OVERTIME_MS = 120_000;

/** The processes of the strategy lab. One is at work at a time; further tasks wait. */
export class LabDesk {
	/** Of the runs' databases. */
	readonly #directory: string;
	readonly #jobs = new Map<string, Job>();
	#last: Promise<unknown> = Promise.resolve();
	#isClosed = false;

	constructor(directory: string) {
		this.#directory = directory;
	}

	directoryOf(runId: string): string {
		return join(this.#directory, `lab-${runId}`);
	}

	/** From now on the desk knows the run, which is about to be stored. */
	claim(runId: string): void {
		this.#jobs.set(runId, { samples: [], child: null, ended: null, stopReason: null });
	}

	/** Forgets a run that was claimed and isn't going to be performed. */
	release(runId: string): void {
		if (this.#jobs.get(runId)?.ended === null) this.#jobs.delete(runId);
	}

	knows(runId: string): boolean {
		return this.#jobs.has(runId);
	}

	/** Carries out a task in a process of its own, and then `settle`. It never rejects unless `settle` does. */
	async perform(task: LabTask, settle: (outcome: LabOutcome) => Promise<void>): Promise<void> {
		const { runId } = task;
		const job: Job = this.#jobs.get(runId) ?? {
			...{ samples: [], child: null, ended: null, stopReason: null },
		};
		this.#jobs.set(runId, job);
		const ended = this.#last.then(() => carryOut(job, task)).then(settle);
		job.ended = ended.catch(() => undefined);
		this.#last = job.ended;
		await ended.finally(() => this.#jobs.delete(runId));
	}

	/** What a run has measured so far; null if it isn't running. */
	samplesOf(runId: string): LabSample[] | null {
		return this.#jobs.get(runId)?.samples ?? null;
	}

	/** Ends a run early, with what it has measured as its result. Resolves once it has cleaned up. */
	async stop(runId: string, reason: string): Promise<void> {
		const job = this.#jobs.get(runId);
		if (job === undefined) return;
		job.stopReason ??= reason;
		const { child } = job;
		if (child?.connected) child.send("stop", () => undefined);
		const timer = setTimeout(() => child?.kill("SIGKILL"), STOP_MS);
		await job.ended;
		clearTimeout(timer);
	}

	/** Ends what is at work; nothing begins any more. */
	async close(): Promise<void> {
		this.#isClosed = true;
		await Promise.all(
			[...this.#jobs.keys()].map((runId) => this.stop(runId, "The control plane was stopped.")),
		);
	}

	get isClosed(): boolean {
		return this.#isClosed;
	}
}

const STOPPED_FIRST: Outcome = { kind: "done", results: [], failure: null, isClean: true };

async function carryOut(job: Job, task: LabTask): Promise<LabOutcome> {
	const { samples } = job;
	if (job.stopReason !== null) return { ...STOPPED_FIRST, samples, stopReason: job.stopReason };
	job.child = startProcess();
	// An engine that hangs would hold it up forever.
	const longestMs = task.workload.durationSeconds * 1_000 + OVERTIME_MS;
	const timer = setTimeout(() => job.child?.kill("SIGKILL"), longestMs);
	const outcome = await follow(job.child, task, samples);
	clearTimeout(timer);
	return { ...outcome, samples, stopReason: job.stopReason };
}

/** The task goes over a channel of its own: arguments and environment would show the password. */
function startProcess(): ChildProcess {
	const root = findProjectRoot();
	const [path, execArgv] = fromSource
		? [join(root, "lab", "lab-process.ts"), ["--import", "tsx", "--conditions", "larder-source"]]
		: [join(root, "dist", "lab-process.mjs"), ["--enable-source-maps"]];
	return fork(path, { cwd: root, execArgv, stdio: ["ignore", "ignore", "pipe", "ipc"] });
}

function follow(child: ChildProcess, task: LabTask, samples: LabSample[]): Promise<Outcome> {
	return new Promise((resolve) => {
		let last = "";
		let outcome: Outcome | null = null;
		const fail = (failure: string): Outcome => ({
			...{ kind: "done", results: [], failure, isClean: false },
		});
		child.stderr?.on("data", (chunk: Buffer) => {
			last = (last + chunk.toString()).slice(-2_000);
		});
		child.on("message", (message) => {
			const answer = labMessageSchema.safeParse(message);
			if (!answer.success) outcome = fail("The lab's process sent something unknown.");
			else if (answer.data.kind === "sample") samples.push(answer.data.sample);
			else outcome = answer.data;
		});
		child.on("error", (error) => resolve(fail(`The lab's process failed: ${error.message}`)));
		// After all that it has sent.
		child.once("close", (code, signal) => {
			const why = last.trim().split("\n").at(-1) ?? "";
			resolve(outcome ?? fail(`The lab's process ended with ${signal ?? code}. ${why}`.trim()));
		});
		child.send(task, (error) => {
			if (error !== null) child.kill("SIGKILL");
		});
	});
}
