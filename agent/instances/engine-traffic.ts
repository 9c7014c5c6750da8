import { randomUUID } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { readFileIfExists } from "../../platform/atomic-file.ts";
import type { Logger } from "../../platform/logger.ts";
import { ownTraffic } from "../drivers/own-traffic.ts";

/** Bytes of one count, which goes on from agent to agent. */
export interface TrafficCount {
	/** Another count begins at 0. */
	readonly run: string;
	readonly bytes: number;
}

/** `bytes` has a fixed width: a later count is written over an earlier one. */
const LINE = /^larder traffic 1 ([0-9a-f-]{36}) (\d{16}) (\S+)\n$/;
const BYTES_WIDTH = 16;

/** Ends with the last write of any count: a slow disk holds up one thread of the agent, not all. */
let turn: Promise<void> = Promise.resolve();

/**
 * What the agents of this host have moved to and from one engine process, which the engine counts with what clients move. It is
 * kept in a file, because the engine's own counters go on when an agent is killed. A packet is in the file about a
 * millisecond after it was counted. Nothing has to reach the disk: the kernel keeps what a killed agent has written, and a host that
 * fails takes its engines along.
 */
export class EngineTraffic {
	private readonly file: string;
	private readonly logger: Logger;
	private process: string | null = null;
	private run = "";
	private bytes = 0;
	private handle: FileHandle | null = null;
	/** The file holds less than `bytes`, and a write waits for its turn. */
	private isWaiting = false;
	private opened: Promise<void> = Promise.resolve();
	private unfollow: () => void = () => {};

	constructor(file: string, logger: Logger) {
		this.file = file;
		this.logger = logger;
	}

	/**
	 * Counts for this process from now on. Goes on from what an earlier agent has counted for it; `bytes` is what this agent
	 * has moved before this call.
	 */
	begin(process: string, addresses: Parameters<typeof ownTraffic.follow>[0], bytes: number): void {
		this.close();
		this.process = process;
		this.run = randomUUID();
		this.bytes = bytes;
		this.unfollow = ownTraffic.follow(addresses, (moved) => {
			this.bytes += moved;
			this.save();
		});
		const { run } = this;
		this.opened = this.opened.then(() => this.goOn(run)).catch((error) => this.giveUp(error));
	}

	/** Null if no process was begun. */
	async count(): Promise<TrafficCount | null> {
		await this.opened;
		return this.process === null ? null : { run: this.run, bytes: this.bytes };
	}

	/** Stops counting. The file stays. */
	async end(): Promise<void> {
		this.unfollow();
		await this.opened;
		await turn;
		this.close();
		await this.opened;
	}

	private close(): void {
		this.unfollow();
		this.process = null;
		this.run = "";
		const { handle } = this;
		this.handle = null;
		// It waits for a write in progress.
		this.opened = this.opened.then(() => handle?.close()).catch(() => {});
	}

	/** Goes on from the file if it is about the process of the count that began as `fresh`. */
	private async goOn(fresh: string): Promise<void> {
		if (this.run !== fresh) return;
		const [, run, bytes, process] = LINE.exec((await readFileIfExists(this.file)) ?? "") ?? [];
		const isSame = run !== undefined && process === this.process;
		const handle = await open(this.file, isSame ? "r+" : "w", 0o600);
		if (this.run !== fresh) return await handle.close();
		if (isSame) {
			this.run = run;
			this.bytes += Number(bytes);
		}
		this.handle = handle;
		this.save();
	}

	private save(): void {
		if (this.isWaiting || this.handle === null) return;
		this.isWaiting = true;
		turn = turn.then(async () => {
			const { handle, run, bytes, process } = this;
			this.isWaiting = false;
			if (handle === null || process === null) return;
			const line = `larder traffic 1 ${run} ${String(bytes).padStart(BYTES_WIDTH, "0")} ${process}\n`;
			await handle.write(line, 0).catch((error: unknown) => this.giveUp(error));
		});
	}

	/** This agent goes on counting. The next one must not go on from an old count: it begins a new one. */
	private async giveUp(error: unknown): Promise<void> {
		this.logger.warn({ err: error, file: this.file }, "the agent's own traffic can't be kept");
		const { handle } = this;
		this.handle = null;
		await handle?.close().catch(() => {});
		await rm(this.file, { force: true }).catch(() => {});
	}
}
