import { createReadStream } from "node:fs";
import { mkdir, rm, statfs } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { translateRdb } from "../../platform/rdb/rdb-tasks.ts";
import { MIB } from "../../server/contract/limits.ts";
import type { MigrationOrder, MigrationReport } from "../../server/contract/migration.ts";
import { EngineConnection } from "../drivers/engine-connection.ts";
import { parseInfo } from "../drivers/valkey-info.ts";
import type { EngineLogin } from "../snapshots/replica-stream.ts";
import { CommandSplitter } from "./command-splitter.ts";
import { preflightProblem } from "./preflight.ts";
import { receiveData, type SourceStream } from "./receive-data.ts";
import { MigrationRefused, openSocket, Source } from "./source.ts";
import { Spool } from "./spool.ts";
import { TargetWriter } from "./target-writer.ts";

const COMMAND_MS = 5_000;
const LOOK_EVERY_MS = 1_000;
/** A source says something to its replicas every few seconds. */
const SILENCE_MS = 120_000;
/** A host's disk is for its engines. */
const RESERVED_BYTES = 256 * MIB;
const CHECK_EVERY_BYTES = 32 * MIB;
/** How long the source's writes are held at a time, and once the cache leads. */
const PAUSE_MS = 60_000;
const LAST_PAUSE_MS = 300_000;
const RENEW_EVERY_MS = 20_000;
/** How long the source may be held before it takes writes again. */
const PATIENCE_MS = 15_000;
const POLL_MS = 5;
/** A source that can't be held must have been quiet for so long. */
const QUIET_MS = 1_000;

export interface MigrationDoor {
	/** As it is now: its phase advances meanwhile. */
	order(): MigrationOrder;
	/** The cache's engine as it runs now. */
	login(): EngineLogin;
	/** The engine has the settings of the newest assignment, and with them whether clients may write. */
	isApplied(): boolean;
	readonly directory: string;
	show(change: Partial<MigrationReport> & Pick<MigrationReport, "phase">): void;
	/** The cache's own data is gone from here on. */
	onEmptied(): void;
}

/**
 * One attempt: checks, copies the source's data into the cache's engine, follows its writes, and hands over when the order
 * says so. Returns once the cache leads. Throws MigrationRefused for what another attempt can't mend.
 */
export async function runMigration(door: MigrationDoor, signal: AbortSignal): Promise<void> {
	door.show({ phase: "checking" });
	const source = await Source.open(door.order());
	const run = new Run(door, source, signal);
	try {
		await run.carryOut();
	} finally {
		await run.close();
	}
}

/** Deletes everything that the engine holds. */
export async function emptyEngine(login: EngineLogin): Promise<void> {
	const target = await EngineConnection.open(login, COMMAND_MS);
	try {
		await target.command(["FLUSHALL", "ASYNC"], COMMAND_MS);
		await target.command(["FUNCTION", "FLUSH", "ASYNC"], COMMAND_MS);
	} finally {
		target.close();
	}
}

/** The source's modules that the cache's engine hasn't. Valkey 9 comes with one, its scripting engine. */
function lackingModules(source: string, target: string): string[] {
	const [has, wanted] = [target, source].map((info) =>
		[...info.matchAll(/^module:name=([^,\r]*)/gm)].map(([, name]) => name ?? ""),
	);
	return wanted?.filter((name) => has?.includes(name) !== true) ?? [];
}

/** What the source had written, and when it arrived, once the engine has given so many answers. */
interface Mark {
	readonly answers: number;
	readonly offset: number;
	readonly at: number;
}

class Run {
	private readonly door: MigrationDoor;
	private readonly source: Source;
	private readonly signal: AbortSignal;
	private readonly failed = new AbortController();
	private socket: Socket | null = null;
	private spool: Spool | null = null;
	private writer: TargetWriter | null = null;
	private readonly marks: Mark[] = [];
	private applied = 0;
	private heldSince: number | null = null;
	private led = false;

	constructor(door: MigrationDoor, source: Source, signal: AbortSignal) {
		this.door = door;
		this.source = source;
		this.signal = AbortSignal.any([signal, this.failed.signal]);
	}

	async carryOut(): Promise<void> {
		const { door } = this;
		await this.check();
		await mkdir(door.directory, { recursive: true, mode: 0o700 });
		door.onEmptied();
		await emptyEngine(door.login());
		const stream = await this.copy();
		await this.follow(stream);
	}

	async close(): Promise<void> {
		if (this.heldSince !== null && !this.led) await this.source.resumeWrites().catch(() => {});
		this.source.close();
		this.socket?.destroy();
		this.writer?.close();
		await this.spool?.close();
		await rm(this.door.directory, { recursive: true, force: true });
	}

	private async check(): Promise<void> {
		const target = await EngineConnection.open(this.door.login(), COMMAND_MS);
		try {
			const [own, databases, text] = await Promise.all([
				target.command(["INFO", "everything"], COMMAND_MS),
				target.command(["CONFIG", "GET", "databases"], COMMAND_MS),
				this.source.info(),
			]);
			const problem = preflightProblem({
				source: parseInfo(text),
				modules: lackingModules(text, String(own)),
				target: parseInfo(String(own)),
				databases: Number(Array.isArray(databases) ? databases[1] : 1),
			});
			if (problem !== null) throw new MigrationRefused(problem);
		} finally {
			target.close();
		}
	}

	/** Everything that the source held when the copy began; its later writes wait in the spool. */
	private async copy(): Promise<SourceStream> {
		const { door } = this;
		const [data, commands] = [join(door.directory, "data.rdb"), join(door.directory, "data.resp")];
		this.socket = await openSocket(door.order());
		this.socket.setTimeout(SILENCE_MS, () => {
			this.socket?.destroy(new Error(`the source sent nothing for ${SILENCE_MS / 1_000} s`));
		});
		const abort = () => this.socket?.destroy(new Error("the migration was stopped"));
		this.signal.addEventListener("abort", abort, { once: true });
		this.signal.throwIfAborted();
		let checkedAt = 0;
		const stream = await receiveData(this.socket, door.order(), data, async (bytes, totalBytes) => {
			door.show({ phase: "copying", bytes, totalBytes });
			if (bytes - checkedAt < CHECK_EVERY_BYTES) return;
			checkedAt = bytes;
			await this.requireSpace();
		});
		this.spool = await Spool.open(join(door.directory, "stream.resp"));
		this.applied = stream.offset;
		void this.collect(stream, this.spool);
		const { bytes: totalBytes, commands: count } = await translateRdb(data, commands, this.signal);
		await rm(data);
		this.writer = new TargetWriter(door.login());
		await this.load(commands, count, totalBytes);
		await rm(commands);
		return stream;
	}

	private async load(path: string, count: number, totalBytes: number): Promise<void> {
		const { writer } = this;
		if (writer === null) return;
		let bytes = 0;
		// The file ends with its last command.
		for await (const piece of createReadStream(path, { highWaterMark: MIB })) {
			this.signal.throwIfAborted();
			await writer.write(piece, 0);
			bytes += piece.length;
			this.door.show({ phase: "copying", bytes, totalBytes });
		}
		await writer.write(Buffer.alloc(0), count);
		await writer.settled();
	}

	/** Moves what arrives to the spool, and tells the source once a second how far it is. */
	private async collect(stream: SourceStream, spool: Spool): Promise<void> {
		let { offset } = stream;
		stream.acknowledge(offset);
		const acknowledging = setInterval(() => stream.acknowledge(offset), LOOK_EVERY_MS);
		try {
			for (;;) {
				const piece = await stream.next();
				await spool.append(piece);
				offset += piece.length;
			}
		} catch (error) {
			spool.end(error instanceof Error ? error : new Error(String(error)));
		} finally {
			clearInterval(acknowledging);
		}
	}

	private async follow({ offset }: SourceStream): Promise<void> {
		const passing = this.passOn(offset).catch((error: unknown) => this.failed.abort(error));
		try {
			for (;;) {
				this.signal.throwIfAborted();
				this.writer?.throwIfFailed();
				const { phase } = this.door.order();
				if (phase === "cut-over" || phase === "lead") {
					if (await this.cutOver()) return;
				} else {
					await this.showLag();
					await this.rest(LOOK_EVERY_MS / 4);
				}
			}
		} finally {
			this.spool?.end(new Error("the migration ended"));
			this.writer?.close();
			await passing;
		}
	}

	/** From the spool into the engine. */
	private async passOn(from: number): Promise<void> {
		const { spool, writer } = this;
		if (spool === null || writer === null) return;
		const splitter = new CommandSplitter();
		let offset = from;
		writer.onAnswers = () => this.note();
		for (;;) {
			const { forward, commands, bytes } = splitter.push(await spool.next());
			offset += bytes;
			await writer.write(forward, commands);
			this.marks.push({ answers: writer.expected, offset, at: performance.now() });
			this.note();
			writer.throwIfFailed();
		}
	}

	private note(): void {
		const answered = this.writer?.answered ?? 0;
		while ((this.marks[0]?.answers ?? Number.POSITIVE_INFINITY) <= answered) {
			this.applied = this.marks.shift()?.offset ?? this.applied;
		}
	}

	private async showLag(message: string | null = null): Promise<void> {
		const offset = await this.source.offset();
		const [oldest] = this.marks;
		this.door.show({
			phase: "following",
			lagBytes: Math.max(0, offset - this.applied),
			lagSeconds: oldest === undefined ? 0 : (performance.now() - oldest.at) / 1_000,
			message,
		});
	}

	/**
	 * Holds the source's writes until the engine has all of them and the order says that the cache leads. False if that took
	 * too long: then the source takes writes again.
	 */
	private async cutOver(): Promise<boolean> {
		const beganAt = performance.now();
		const isHeld = await this.source.pauseWrites(PAUSE_MS);
		this.heldSince = isHeld ? beganAt : null;
		let renewedAt = beganAt;
		let quietSince = beganAt;
		let last = await this.source.offset();
		while (performance.now() - beganAt < PATIENCE_MS) {
			this.signal.throwIfAborted();
			this.writer?.throwIfFailed();
			const now = performance.now();
			if (!isHeld) {
				const offset = await this.source.offset();
				if (offset !== last) quietSince = now;
				last = offset;
			}
			const isComplete = this.applied >= last && (isHeld || now - quietSince >= QUIET_MS);
			if (isComplete && this.door.order().phase === "lead" && this.door.isApplied()) {
				return await this.lead(isHeld, beganAt);
			}
			if (isComplete) this.door.show({ phase: "caught-up", pausedMs: now - beganAt });
			if (isHeld && now - renewedAt > RENEW_EVERY_MS) {
				renewedAt = now;
				await this.source.pauseWrites(PAUSE_MS);
			}
			await this.rest(POLL_MS);
		}
		if (isHeld) await this.source.resumeWrites();
		this.heldSince = null;
		await this.showLag(
			isHeld
				? `The source's writes were held for ${PATIENCE_MS / 1_000} s, but the cache couldn't take the lead in that time. The source takes writes again. Complete the migration once more.`
				: "The source doesn't allow CLIENT PAUSE and is still written to. Stop its writers, then complete the migration once more.",
		);
		return false;
	}

	private async lead(isHeld: boolean, beganAt: number): Promise<true> {
		this.led = true;
		const pausedMs = Math.round(performance.now() - beganAt);
		// Its clients have time to move.
		if (isHeld) await this.source.pauseWrites(LAST_PAUSE_MS).catch(() => false);
		this.door.show({ phase: "leading", pausedMs });
		return true;
	}

	/** Throws why the run ended, if it ends meanwhile. */
	private async rest(ms: number): Promise<void> {
		await delay(ms, undefined, { signal: this.signal }).catch(() => this.signal.throwIfAborted());
	}

	private async requireSpace(): Promise<void> {
		const { bavail, bsize } = await statfs(this.door.directory);
		if (bavail * bsize > RESERVED_BYTES) return;
		throw new MigrationRefused(
			"The host of the cache's primary has no space for the source's data, which passes through its disk. Free space, or move the primary to another host.",
		);
	}
}
