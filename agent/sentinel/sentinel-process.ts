import { createHash } from "node:crypto";
import { rename, stat, truncate } from "node:fs/promises";
import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import type { Logger } from "../../platform/logger.ts";
import { isProcessAlive } from "../../platform/process-identity.ts";
import { SENTINEL_PORT_RANGE } from "../../server/contract/limits.ts";
import { EngineCommandError } from "../drivers/engine-connection.ts";
import { flavourOf, isServerProgram } from "../drivers/valkey-flavour.ts";
import { readLogTail } from "../instances/log-tail.ts";
import { EngineProcess, spawnEngine } from "../supervisor/engine-process.ts";
import { findEngineProcess } from "../supervisor/find-process.ts";
import type { LivenessWatch } from "../supervisor/liveness-watch.ts";
import { probePort } from "../supervisor/port-probe.ts";
import {
	decideLaunch,
	type ExitHistory,
	NO_EXITS,
	recordExit,
} from "../supervisor/restart-policy.ts";
import { SentinelLink } from "./sentinel-link.ts";
import type { SentinelPaths } from "./sentinel-paths.ts";
import { readSentinelRecord, type SentinelRecord, writeSentinelRecord } from "./sentinel-record.ts";

const START_TIMEOUT_MS = 5_000;
const START_POLL_MS = 10;
const LOG_MAX_BYTES = 1024 * 1024;
/** What Valkey says when it doesn't understand its own file. */
const BROKEN_FILE = "FATAL CONFIG FILE ERROR";

/**
 * The Sentinel of this host: it outlives the agent like an engine does, is adopted by the next one, and is started
 * again with back-off when it dies, from the file that it left. That file is its memory and its own: the agent writes
 * the first one, and another only when Sentinel can't use it.
 */
export class SentinelProcess {
	private process: EngineProcess | null = null;
	private known: SentinelRecord | null = null;
	private startedAt = 0;
	private exits: ExitHistory = NO_EXITS;
	private readonly options: {
		paths: SentinelPaths;
		bindAddress: string;
		liveness: LivenessWatch;
		logger: Logger;
		/** It ended by itself. */
		onEnd: (detail: string) => void;
	};

	constructor(options: SentinelProcess["options"]) {
		this.options = options;
	}

	get alive(): boolean {
		return this.process?.alive === true;
	}

	get failuresInARow(): number {
		return this.exits.failures;
	}

	/** Milliseconds until it may be started again; 0 for now. */
	get retryInMs(): number {
		const decision = decideLaunch(
			{ onExit: "restart", launchPermit: 0 },
			{ history: "never", launchPermit: 0 },
			this.exits,
			performance.now(),
		);
		return decision.kind === "wait" ? decision.forMs : 0;
	}

	get record(): SentinelRecord {
		if (this.known === null) throw new Error("Sentinel's process hasn't been looked for yet");
		return this.known;
	}

	/** Finds the one that an earlier agent left running. */
	async adopt(): Promise<void> {
		const { paths, liveness, bindAddress, logger } = this.options;
		const record = await readSentinelRecord(paths.record, logger);
		const identity =
			record.identity !== null && isProcessAlive(record.identity)
				? record.identity
				: findEngineProcess({
						directories: [paths.directory],
						isServerProgram: (path) => isServerProgram(flavourOf("valkey"), path),
						isHelperProcess: () => false,
					});
		this.known = { ...record, identity };
		if (identity === null) return;
		if (record.port === null) this.known = { ...this.known, ...(await this.readAddress()) };
		this.watch(new EngineProcess(identity, liveness));
		logger.info({ pid: identity.pid }, "Sentinel adopted");
		// It can't move while it runs.
		if (this.record.bindAddress !== bindAddress) this.end();
	}

	async remember(changes: Partial<SentinelRecord>): Promise<void> {
		this.known = { ...this.record, ...changes };
		await writeSentinelRecord(this.options.paths.record, this.known);
	}

	/** Answers null once it listens, or what kept it from that. */
	async start(program: string, password: string): Promise<string | null> {
		const { paths, bindAddress, liveness } = this.options;
		const port = await this.choosePort();
		if (port === null) {
			const { first, last } = SENTINEL_PORT_RANGE;
			return `no port of ${bindAddress} from ${first} to ${last} can be listened on`;
		}
		await truncate(paths.log, 0).catch(() => {});
		if ((await readFileIfExists(paths.configuration)) === null) {
			await writeFileAtomic(paths.configuration, firstConfiguration(password));
		}
		// Before it is done: whoever comes after a crash looks for it there.
		await this.remember({ identity: null, port, bindAddress });
		const process = await spawnEngine({
			program,
			args: [paths.configuration, "--port", String(port), "--bind", bindAddress, "--sentinel"],
			directory: paths.directory,
			log: paths.log,
			liveness,
		});
		this.watch(process);
		await this.remember({ identity: process.identity });
		const deadline = performance.now() + START_TIMEOUT_MS;
		while (process.alive && performance.now() < deadline) {
			if (await this.listens(password)) return null;
			await new Promise((resolve) => setTimeout(resolve, START_POLL_MS));
		}
		if (process.alive) process.signal("SIGKILL");
		if ((await readFileIfExists(paths.log))?.includes(BROKEN_FILE)) await this.setFileAside();
		return (await readLogTail(paths.log)) || "it doesn't listen";
	}

	private async listens(password: string): Promise<boolean> {
		try {
			(await this.open(password)).close();
			return true;
		} catch (error) {
			return error instanceof EngineCommandError;
		}
	}

	private async open(password: string): Promise<SentinelLink> {
		const { port } = this.record;
		if (port === null) throw new Error("Sentinel's port isn't known");
		return await SentinelLink.open({ host: this.options.bindAddress, port }, password);
	}

	/** Throws when it isn't there yet. One that knows another password is replaced by one with a new memory. */
	async connect(password: string): Promise<SentinelLink> {
		try {
			return await this.open(password);
		} catch (error) {
			if (error instanceof EngineCommandError) {
				await this.setFileAside();
				this.end();
			}
			throw error;
		}
	}

	/** Ends it. It has written down all that it must remember. */
	end(): void {
		this.process?.signal("SIGKILL");
	}

	/** Lets go of it; it lives on. */
	release(): void {
		this.process?.release();
	}

	/** It appends a line for every doubt: kept within bounds. */
	async trimLog(): Promise<void> {
		const { log } = this.options.paths;
		const found = await stat(log).catch(() => null);
		if (found !== null && found.size > LOG_MAX_BYTES) await truncate(log, 0);
	}

	/** That of before while it is free, since other Sentinels know it. */
	private async choosePort(): Promise<number | null> {
		const { first, last } = SENTINEL_PORT_RANGE;
		const all = Array.from({ length: last - first + 1 }, (_, index) => first + index);
		const before = this.record.port;
		for (const port of before === null ? all : [before, ...all]) {
			if ((await probePort(this.options.bindAddress, port)).kind === "free") return port;
		}
		return null;
	}

	/** Where it listens, by the file that it keeps itself. */
	private async readAddress(): Promise<Pick<SentinelRecord, "port" | "bindAddress">> {
		const text = (await readFileIfExists(this.options.paths.configuration)) ?? "";
		const port = /^port (\d+)$/m.exec(text)?.[1];
		const bindAddress = /^bind "?([\d.]+)/m.exec(text)?.[1] ?? null;
		return { port: port === undefined ? null : Number(port), bindAddress };
	}

	private async setFileAside(): Promise<void> {
		const { paths, logger } = this.options;
		logger.error({ file: paths.configuration }, "Sentinel can't use its file; it gets a new one");
		await rename(paths.configuration, `${paths.configuration}.damaged`);
	}

	private watch(process: EngineProcess): void {
		this.process = process;
		this.startedAt = performance.now();
		process.onExit(() => {
			if (this.process !== process) return;
			this.process = null;
			const now = performance.now();
			this.exits = recordExit(this.exits, now - this.startedAt, now);
			this.options.onEnd(process.exitDetail ?? "its process is gone");
		});
	}
}

/** Enough to be let in; all else is told to the running Sentinel, which adds it to the file. */
function firstConfiguration(password: string): string {
	const hash = createHash("sha256").update(password).digest("hex");
	return [
		// It only refuses strangers where no password is set.
		"protected-mode no",
		`user default on #${hash} ~* &* +@all`,
		"sentinel deny-scripts-reconfig yes",
		"",
	].join("\n");
}
