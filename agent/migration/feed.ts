import { rm, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import { PassingRdbError, RdbError } from "../../platform/rdb/rdb-error.ts";
import { StreamProgress, streamRdb } from "../../platform/rdb/rdb-stream.ts";
import type { EngineLogin } from "../snapshots/replica-stream.ts";
import { CommandSplitter, encodeCommand } from "./command-splitter.ts";
import { receiveData, type SourceStream } from "./receive-data.ts";
import { type KeyState, MigrationRefused, openSocket, type Source } from "./source.ts";
import { Spool } from "./spool.ts";
import { CopyOutdated, type RouterOptions, StreamRouter } from "./stream-router.ts";
import { TargetWriter } from "./target-writer.ts";

const ACKNOWLEDGE_EVERY_MS = 1_000;
/** Arrivals are noted no more often. */
const NOTE_EVERY_MS = 50;
/** A source says something to its replicas every few seconds. */
const SILENCE_MS = 120_000;

/** What the engine has of the source's history once it has given so many answers. */
interface Mark {
	readonly answers: number;
	readonly offset: number;
}

/** When the source's history had arrived up to here. */
interface Arrival {
	readonly offset: number;
	readonly at: number;
}

export interface FeedOptions extends RouterOptions {
	readonly source: Source;
	/** The part of the source's keys that goes into the engine, from 0 to 1. */
	readonly share: number;
	/** Of this feed alone. */
	readonly directory: string;
	readonly login: EngineLogin;
	/** Called as data arrives. */
	readonly onBytes: () => Promise<void>;
	/** Called as data has gone into the engine. */
	readonly onKeys: () => void;
}

/**
 * What one of the source's primaries holds and writes, into one engine of the cache: over its own connections, so that
 * several feeds don't wait for each other.
 */
export class Feed {
	readonly source: Source;
	private readonly options: FeedOptions;
	private readonly router: StreamRouter;
	private readonly marks: Mark[] = [];
	private arrivals: Arrival[] = [];
	private socket: Socket | null = null;
	private spool: Spool | null = null;
	private writer: TargetWriter | null = null;
	/** Position in the source's history that the engine has reached. */
	private applied = 0;
	private readonly ended = new AbortController();
	private copying: Promise<void> = Promise.resolve();
	private following: Promise<void> = Promise.resolve();
	private failure: Error | null = null;
	bytes = 0;
	totalBytes: number | null = null;
	keys = 0;

	constructor(options: FeedOptions) {
		this.options = options;
		this.source = options.source;
		this.router = new StreamRouter(options);
	}

	get directory(): string {
		return this.options.directory;
	}

	/** Everything that the source held when the copy began; its later writes follow on their own. */
	async copy(signal: AbortSignal): Promise<void> {
		const copying = this.carryOut(AbortSignal.any([signal, this.ended.signal]));
		this.copying = copying.catch(() => undefined);
		await copying;
	}

	private async carryOut(signal: AbortSignal): Promise<void> {
		const { options, source } = this;
		const { directory, login } = options;
		const data = join(directory, "data.rdb");
		const socket = await openSocket(source.address);
		this.socket = socket;
		socket.setTimeout(SILENCE_MS, () => {
			socket.destroy(new Error(`the source sent nothing for ${SILENCE_MS / 1_000} s`));
		});
		const abort = () => socket.destroy(new Error("the migration was stopped"));
		signal.addEventListener("abort", abort, { once: true });
		signal.throwIfAborted();
		const writer = new TargetWriter(login);
		this.writer = writer;
		const progress = new StreamProgress();
		// The thread reads it from now on, though there is nothing yet.
		await writeFile(data, "", { mode: 0o600 });
		const loading = this.load(data, progress, signal);
		// Whoever waits for the data hears of it below.
		loading.catch(() => socket.destroy());
		const stream = await receiveData(socket, source.address, data, async (bytes, totalBytes) => {
			this.bytes = bytes;
			this.totalBytes = totalBytes;
			progress.setWritten(bytes);
			await options.onBytes();
		}).catch(async (error: unknown) => {
			this.ended.abort(error);
			// If the engine refused something, that is why the source was let go.
			await loading;
			throw error;
		});
		progress.setWhole();
		this.spool = await Spool.open(join(directory, "stream.resp"));
		this.applied = stream.offset;
		void this.collect(stream, this.spool);
		await loading;
		await rm(data, { force: true });
		this.following = this.passOn(stream.offset).catch((error: unknown) => {
			this.failure = error instanceof Error ? error : new Error(String(error));
		});
	}

	private async load(path: string, progress: StreamProgress, signal: AbortSignal): Promise<void> {
		const { writer, options } = this;
		if (writer === null) return;
		const { slots, takesCode: libraries } = options;
		const pass = async (piece: Uint8Array, commands: number, keys: number) => {
			await writer.write(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength), commands);
			writer.throwIfFailed();
			this.keys = Math.round(keys * options.share);
			options.onKeys();
		};
		await streamRdb({ path, slots, libraries, progress, pass }, signal).catch((error: unknown) => {
			if (!(error instanceof RdbError)) throw error;
			if (error instanceof PassingRdbError) {
				throw new CopyOutdated(
					`the data of ${this.source.name} can't be taken now: ${error.message}`,
				);
			}
			throw new MigrationRefused(
				`The data of ${this.source.name} can't be moved: ${error.message}.`,
			);
		});
		await writer.settled();
	}

	/** Moves what arrives to the spool, and tells the source once a second how far it is. */
	private async collect(stream: SourceStream, spool: Spool): Promise<void> {
		let { offset } = stream;
		stream.acknowledge(offset);
		const acknowledging = setInterval(() => stream.acknowledge(offset), ACKNOWLEDGE_EVERY_MS);
		try {
			for (;;) {
				const piece = await stream.next();
				await spool.append(piece);
				offset += piece.length;
				this.noteArrival(offset);
			}
		} catch (error) {
			spool.end(error instanceof Error ? error : new Error(String(error)));
		} finally {
			clearInterval(acknowledging);
		}
	}

	/** From the spool into the engine. */
	private async passOn(from: number): Promise<void> {
		const { spool, writer, router } = this;
		if (spool === null || writer === null) return;
		const splitter = new CommandSplitter();
		writer.onAnswers = () => this.note();
		for (;;) {
			const { commands, end } = splitter.push(await spool.next());
			let forward: Buffer[] = [];
			for (const command of commands) {
				const routed = router.route({ ...command, end: from + command.end });
				forward.push(...routed.forward);
				if (routed.fetch.length === 0) continue;
				await writer.write(Buffer.concat(forward), forward.length);
				forward = [];
				for (const key of routed.fetch) await this.fetch(key, writer);
			}
			await writer.write(Buffer.concat(forward), forward.length);
			this.marks.push({ answers: writer.expected, offset: from + end });
			this.note();
			writer.throwIfFailed();
		}
	}

	/** Reads a key from the source, where it may be newer than the stream. */
	private async fetch(key: Buffer, writer: TargetWriter): Promise<void> {
		const state = await this.source.readKey(key);
		await writer.write(encodeCommand(commandFor(key, state)), 1);
		this.router.hold(key, state.offset);
	}

	/** What arrives soon after counts as having arrived with it. */
	private noteArrival(offset: number): void {
		const at = performance.now();
		const last = this.arrivals.at(-1);
		if (last !== undefined && at - last.at < NOTE_EVERY_MS) {
			this.arrivals[this.arrivals.length - 1] = { offset, at: last.at };
		} else this.arrivals.push({ offset, at });
	}

	private note(): void {
		const answered = this.writer?.answered ?? 0;
		while ((this.marks[0]?.answers ?? Number.POSITIVE_INFINITY) <= answered) {
			this.applied = this.marks.shift()?.offset ?? this.applied;
		}
	}

	/** Whether the engine has what the source had written at this position. */
	hasReached(offset: number): boolean {
		return this.applied >= offset;
	}

	/** How far the engine is behind the source, which is at this position. */
	lag(offset: number): { bytes: number; seconds: number } {
		const first = this.arrivals.findIndex((arrival) => arrival.offset > this.applied);
		this.arrivals = first === -1 ? [] : this.arrivals.slice(first);
		const [oldest] = this.arrivals;
		return {
			bytes: Math.max(0, offset - this.applied),
			seconds: oldest === undefined ? 0 : (performance.now() - oldest.at) / 1_000,
		};
	}

	/** Waits until this many of the engine's replicas have what it has, but not for long. */
	async settleReplicas(replicas: number, forMs: number): Promise<void> {
		await this.writer?.command("WAIT", String(replicas), String(forMs));
	}

	/** Throws why it can't go on. */
	throwIfFailed(): void {
		if (this.failure !== null) throw this.failure;
		this.writer?.throwIfFailed();
	}

	async close(): Promise<void> {
		this.ended.abort();
		await this.copying;
		this.spool?.end(new Error("the migration ended"));
		this.socket?.destroy();
		this.writer?.close();
		await this.following;
		await this.spool?.close();
		this.source.close();
	}
}

function commandFor(key: Buffer, { dump, expiresAtMs }: KeyState): (string | Buffer)[] {
	if (dump === null) return ["DEL", key];
	return ["RESTORE", key, String(expiresAtMs ?? 0), dump, "REPLACE", "ABSTTL"];
}
