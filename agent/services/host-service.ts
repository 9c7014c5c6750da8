import { readFileSync } from "node:fs";
import { mkdir, truncate } from "node:fs/promises";
import type { z } from "zod";
import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import { boundLog } from "../../platform/bounded-log.ts";
import type { Logger } from "../../platform/logger.ts";
import {
	identifyProcess,
	isProcessAlive,
	type ProcessIdentity,
	signalProcess,
} from "../../platform/process-identity.ts";
import { sweepTemporary } from "../../platform/sweep-temporary.ts";
import { MIB } from "../../server/contract/limits.ts";
import { raiseOpenFiles } from "../machine/open-files.ts";
import { Rounds } from "../rounds.ts";
import { EngineProcess, spawnEngine } from "../supervisor/engine-process.ts";
import { findEngineProcess } from "../supervisor/find-process.ts";
import type { LivenessWatch } from "../supervisor/liveness-watch.ts";
import { backoffMs, type ExitHistory, NO_EXITS, recordExit } from "../supervisor/restart-policy.ts";
import type { ServiceRecord } from "./service-record.ts";

const START_TIMEOUT_MS = 5_000;
const START_POLL_MS = 10;
const TRIM_EVERY_MS = 5_000;
/** Old lines have no value once read. */
const LOG = { maxBytes: MIB, keep: false };

/** Where a host service keeps its files, all private to the user. */
export interface ServicePaths {
	/** Its working directory, by which `larder stop` and a later agent identify it. */
	readonly directory: string;
	readonly log: string;
	readonly record: string;
}

interface HostServiceOptions<R extends ServiceRecord> {
	/** For log messages. */
	readonly name: string;
	readonly paths: ServicePaths;
	readonly recordSchema: z.ZodType<R>;
	readonly isServerProgram: (path: string) => boolean;
	readonly liveness: LivenessWatch;
	readonly logger: Logger;
	/** It has ended, whether or not its agent ended it. */
	readonly onEnd: (detail: string) => void;
}

/**
 * A process that an agent runs for its host rather than for one cache, such as HAProxy or Sentinel. It outlives
 * the agent like an engine does, the next agent adopts it, and its owner restarts it with back-off when it dies:
 *
 *   adopt ──found──> alive ──died──> wait for retryInMs ──launch──> alive
 *     └──not found──> launch
 */
export class HostService<R extends ServiceRecord = ServiceRecord> {
	private readonly service: HostServiceOptions<R>;
	private process: EngineProcess | null = null;
	private known: R | null = null;
	private startedAt = 0;
	private exits: ExitHistory = NO_EXITS;
	private readonly trimming: Rounds;

	constructor(options: HostServiceOptions<R>) {
		this.service = options;
		this.trimming = new Rounds(() => this.trimLog(), TRIM_EVERY_MS);
	}

	get alive(): boolean {
		return this.process?.alive === true;
	}

	/** Null while it doesn't run. */
	get pid(): number | null {
		return this.process?.alive === true ? this.process.identity.pid : null;
	}

	get failuresInARow(): number {
		return this.exits.failures;
	}

	/** How long since it ended; its ports may take a moment to come free. */
	get endedForMs(): number {
		return performance.now() - (this.exits.lastExitAt ?? Number.NEGATIVE_INFINITY);
	}

	/** Milliseconds until it may be started again; 0 if it may be now. */
	get retryInMs(): number {
		return backoffMs(this.exits, performance.now());
	}

	get record(): R {
		if (this.known === null) throw new Error(`${this.service.name} hasn't been looked for yet`);
		return this.known;
	}

	async remember(changes: Partial<R>): Promise<void> {
		await this.save({ ...this.record, ...changes });
	}

	/** Finds the process that an earlier agent left running, even if that agent died before it recorded it. */
	async adopt(): Promise<void> {
		const { name, paths, isServerProgram, liveness, logger } = this.service;
		await sweepTemporary(paths.directory);
		this.trimming.start();
		const record = await this.readRecord();
		const identity =
			record.identity !== null && isProcessAlive(record.identity)
				? record.identity
				: findEngineProcess({
						directories: [paths.directory],
						isServerProgram,
						isHelperProcess: () => false,
					});
		this.known = { ...record, identity };
		if (identity === null) return;
		await raiseOpenFiles(identity.pid, logger);
		this.watch(new EngineProcess(identity, liveness));
		logger.info({ pid: identity.pid }, `${name} adopted`);
	}

	/** Returns whether it serves. Ends a process that doesn't serve in time; its log may say why. */
	async launch(options: {
		program: string;
		args: readonly string[];
		serves: () => Promise<boolean>;
	}): Promise<boolean> {
		const { program, args, serves } = options;
		const { paths, liveness } = this.service;
		const { directory, log } = paths;
		await mkdir(directory, { recursive: true, mode: 0o700 });
		await truncate(log, 0).catch(() => {});
		const process = await spawnEngine({ program, args, directory, log, liveness });
		this.watch(process);
		await this.save({ ...this.record, identity: process.identity });
		const deadline = performance.now() + START_TIMEOUT_MS;
		while (process.alive && performance.now() < deadline) {
			if (await serves()) return true;
			await new Promise((resolve) => setTimeout(resolve, START_POLL_MS));
		}
		this.end();
		return false;
	}

	/** Ends it and its children: hung workers don't notice that their parent is gone. */
	end(): void {
		const { process } = this;
		if (process === null) return;
		const children = childrenOf(process.identity.pid);
		process.signal("SIGKILL");
		for (const child of children) signalProcess(child, "SIGKILL");
	}

	/** Releases it; it keeps running. */
	release(): void {
		this.trimming.stop();
		this.process?.release();
	}

	async trimLog(): Promise<void> {
		await boundLog(this.service.paths.log, LOG);
	}

	private watch(process: EngineProcess): void {
		this.process = process;
		this.startedAt = performance.now();
		process.onExit(() => {
			if (this.process !== process) return;
			this.process = null;
			const now = performance.now();
			// Clients of every cache may wait for it, so it waits no longer than a node that has served.
			this.exits = recordExit(this.exits, now - this.startedAt, now, { served: true });
			this.service.onEnd(process.exitDetail ?? "its process is gone");
		});
	}

	/** A damaged record counts as missing: the process is then found by its directory. */
	private async readRecord(): Promise<R> {
		const { name, paths, recordSchema, logger } = this.service;
		const text = await readFileIfExists(paths.record);
		try {
			if (text !== null) return recordSchema.parse(JSON.parse(text));
		} catch (error) {
			logger.warn({ err: error }, `${name}: its record can't be read; looking for its process`);
		}
		return recordSchema.parse({ format: 1 });
	}

	private async save(record: R): Promise<void> {
		this.known = record;
		await writeFileAtomic(this.service.paths.record, JSON.stringify(record));
	}
}

function childrenOf(pid: number): ProcessIdentity[] {
	try {
		const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
		const pids = text.split(" ").filter(Boolean).map(Number);
		return pids.flatMap((child) => identifyProcess(child) ?? []);
	} catch {
		return [];
	}
}
