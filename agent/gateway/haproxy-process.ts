import { type FSWatcher, readFileSync, watch } from "node:fs";
import { mkdir, stat, truncate } from "node:fs/promises";
import { basename } from "node:path";
import { readFileIfExists } from "../../platform/atomic-file.ts";
import type { Logger } from "../../platform/logger.ts";
import { identifyProcess, isProcessAlive, signalProcess } from "../../platform/process-identity.ts";
import { EngineProcess, spawnEngine } from "../supervisor/engine-process.ts";
import { findEngineProcess } from "../supervisor/find-process.ts";
import type { LivenessWatch } from "../supervisor/liveness-watch.ts";
import type { GatewayPaths } from "./gateway-paths.ts";
import { type GatewayRecord, readGatewayRecord, writeGatewayRecord } from "./gateway-record.ts";
import { alertsIn, askHaproxy } from "./haproxy-socket.ts";

const START_TIMEOUT_MS = 5_000;
const START_POLL_MS = 10;
const LOG_MAX_BYTES = 1024 * 1024;
const RETRY_MS = [0, 250, 500, 1_000, 2_000, 5_000] as const;
const STABLE_MS = 60_000;
/** Lines that come together are one piece of news. */
const NEWS_DELAY_MS = 10;
/** One that doesn't answer so often in a row hangs. */
const SILENCES_MAX = 2;

/**
 * The HAProxy of this host: its master process, which outlives the agent like an engine does, is adopted by the next
 * one, and started again with back-off when it dies. Its workers end with it.
 */
export class HaproxyProcess {
	record: GatewayRecord | null = null;
	private process: EngineProcess | null = null;
	private startedAt = 0;
	private failures = 0;
	private endedAt = Number.NEGATIVE_INFINITY;
	private silences = 0;
	private logWatcher: FSWatcher | null = null;
	private newsTimer: NodeJS.Timeout | null = null;
	private readonly options: {
		paths: GatewayPaths;
		liveness: LivenessWatch;
		logger: Logger;
		/** It ended by itself. */
		onEnd: (detail: string) => void;
		/** It has written to its log, as it does when a server comes or goes. */
		onNews: () => void;
	};

	constructor(options: HaproxyProcess["options"]) {
		this.options = options;
	}

	get alive(): boolean {
		return this.process?.alive === true;
	}

	get failuresInARow(): number {
		return this.failures;
	}

	/** How long since it ended; its ports may take a moment to come free. */
	get endedForMs(): number {
		return performance.now() - this.endedAt;
	}

	/** Milliseconds until it may be started again; 0 for now. */
	get retryInMs(): number {
		const waitMs = RETRY_MS[Math.min(Math.max(this.failures - 1, 0), RETRY_MS.length - 1)] ?? 0;
		return Math.max(0, this.endedAt + waitMs - performance.now());
	}

	/** Finds the one that an earlier agent left running. */
	async adopt(): Promise<void> {
		const { paths, logger } = this.options;
		const record = await readGatewayRecord(paths.record, logger);
		const known = record.identity;
		const identity =
			known !== null && isProcessAlive(known)
				? known
				: findEngineProcess({
						directories: [paths.directory],
						isServerProgram: (path) => basename(path.replace(/ \(deleted\)$/, "")) === "haproxy",
						isHelperProcess: () => false,
					});
		this.record =
			identity === null
				? { ...record, identity: null, configurationHash: null }
				: { ...record, identity };
		if (identity === null) return;
		if (record.ports.length === 0) {
			const text = (await readFileIfExists(paths.configuration)) ?? "";
			const ports = [...text.matchAll(/^\tbind \S+:(\d+)$/gm)].map((match) => Number(match[1]));
			this.record = { ...this.record, ports };
		}
		this.watch(new EngineProcess(identity, this.options.liveness));
		logger.info({ pid: identity.pid }, "gateway adopted");
	}

	async remember(changes: Partial<GatewayRecord>): Promise<void> {
		if (this.record === null) throw new Error("the gateway's process hasn't been looked for yet");
		this.record = { ...this.record, ...changes };
		await writeGatewayRecord(this.options.paths.record, this.record);
	}

	/** Starts it with the configuration that lies there. Answers null once it serves, or what kept it from that. */
	async start(program: string): Promise<string | null> {
		const { paths, liveness } = this.options;
		await mkdir(paths.directory, { recursive: true, mode: 0o700 });
		await truncate(paths.log, 0).catch(() => {});
		const process = await spawnEngine({
			program,
			args: ["-W", "-S", `${paths.masterSocket},mode,600`, "-f", paths.configuration],
			directory: paths.directory,
			log: paths.log,
			liveness,
		});
		this.watch(process);
		await this.remember({ identity: process.identity });
		const deadline = performance.now() + START_TIMEOUT_MS;
		while (process.alive && performance.now() < deadline) {
			const answer = await askHaproxy(paths.masterSocket, "@1 show servers state", 500).catch(
				() => "",
			);
			if (answer.startsWith("1")) return null;
			await new Promise((resolve) => setTimeout(resolve, START_POLL_MS));
		}
		if (process.alive) process.signal("SIGKILL");
		return alertsIn((await readFileIfExists(paths.log)) ?? "");
	}

	/** Lets go of it; it lives on. */
	release(): void {
		this.process?.release();
		this.logWatcher?.close();
		if (this.newsTimer !== null) clearTimeout(this.newsTimer);
	}

	noteAnswer(): void {
		this.silences = 0;
	}

	/** It didn't answer. One that hangs is ended with all of its workers: hung ones don't see that their master is gone. */
	noteSilence(): void {
		const { process } = this;
		if (process === null || ++this.silences < SILENCES_MAX) return;
		const { pid } = process.identity;
		this.options.logger.error({ pid }, "the gateway's HAProxy hangs; it is replaced");
		const workers = childrenOf(pid).map(identifyProcess);
		process.signal("SIGKILL");
		for (const worker of workers) if (worker !== null) signalProcess(worker, "SIGKILL");
	}

	/** It appends a line for every server that goes or comes: kept within bounds. */
	private async trimLog(): Promise<void> {
		const { log } = this.options.paths;
		const found = await stat(log).catch(() => null);
		if (found !== null && found.size > LOG_MAX_BYTES) await truncate(log, 0).catch(() => {});
	}

	/** Without it, news is only found by looking now and then. */
	private watchLog(): void {
		const { paths, logger, onNews } = this.options;
		this.logWatcher?.close();
		try {
			this.logWatcher = watch(paths.log, { persistent: false }, () => {
				this.newsTimer ??= setTimeout(() => {
					this.newsTimer = null;
					onNews();
					void this.trimLog();
				}, NEWS_DELAY_MS);
			});
			this.logWatcher.on("error", (error) => logger.debug({ err: error }, "watching the log"));
		} catch (error) {
			logger.debug({ err: error }, "HAProxy's log can't be watched");
		}
	}

	private watch(process: EngineProcess): void {
		this.process = process;
		this.silences = 0;
		this.watchLog();
		this.startedAt = performance.now();
		process.onExit(() => {
			if (this.process !== process) return;
			this.process = null;
			this.endedAt = performance.now();
			this.failures = this.endedAt - this.startedAt >= STABLE_MS ? 1 : this.failures + 1;
			this.options.onEnd(process.exitDetail ?? "its process is gone");
		});
	}
}

function childrenOf(pid: number): number[] {
	try {
		const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
		return text.split(" ").filter(Boolean).map(Number);
	} catch {
		return [];
	}
}
