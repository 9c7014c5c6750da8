import { open, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { GrowingFile } from "../../platform/files/growing-file.ts";
import { followRdb } from "../../platform/rdb/rdb-tasks.ts";
import type { RdbContent } from "../../platform/rdb/walk-rdb.ts";
import { EngineFeed, FeedEnded } from "./engine-feed.ts";
import { type Ending, type Progress, RdbFile } from "./rdb-file.ts";

/** How long the engine may send nothing: it may first have to wait for another of its children. */
const SILENCE_MS = 120_000;

export interface EngineLogin {
	readonly host: string;
	readonly port: number;
	readonly username: string;
	readonly password: string;
}

interface CopyOptions {
	readonly signal: AbortSignal;
	readonly onBegin: () => void;
	readonly onProgress: Progress;
}

/** The engine can't be copied from now. The message says why, in a clause. */
export class CopyRefused extends Error {}

/**
 * Copies all data of a running engine, as of one moment, to a new file: the engine sends it as it would to a new replica
 * that wants nothing afterward. It forks, but writes no file of its own, so it needs no disk and leaves nothing behind. The
 * file may not be on the disk yet when this returns. While it grows, a thread reads it to its end: whether it is whole, what
 * it holds, and its SHA-256.
 *
 * `onBegin` is called when the first byte arrives: the data is as of that moment. Throws RdbError for data that Larder can't
 * restore.
 */
export async function copyData(
	engine: EngineLogin,
	path: string,
	options: CopyOptions,
): Promise<{ bytes: number; sha256: string; content: RdbContent }> {
	options.signal.throwIfAborted();
	// Nothing else is ever written into a file that a store may have a link to.
	const file = await open(path, "wx", 0o600);
	const over = new AbortController();
	try {
		const growing = new GrowingFile();
		const following = followRdb(path, growing, over.signal);
		const bytes = await receiveAll(engine, new RdbFile(file, growing), following, options);
		return { bytes, ...(await following) };
	} catch (error) {
		await rm(path, { force: true });
		throw error;
	} finally {
		over.abort(new Error("the copy has ended"));
		await file.close();
	}
}

/** Ends early if `following` fails. */
async function receiveAll(
	engine: EngineLogin,
	file: RdbFile,
	following: Promise<unknown>,
	options: CopyOptions,
): Promise<number> {
	const { signal } = options;
	const feed = new EngineFeed(engine.port, engine.host);
	const { socket } = feed;
	const abort = () => socket.destroy(new CopyRefused("it is no longer wanted"));
	signal.addEventListener("abort", abort, { once: true });
	socket.setTimeout(SILENCE_MS, () => {
		socket.destroy(new CopyRefused(`the engine sent nothing for ${SILENCE_MS / 1_000} s`));
	});
	following.catch((error: Error) => socket.destroy(error));
	try {
		return await receive(feed, engine, file, options);
	} catch (error) {
		throw error instanceof FeedEnded ? new CopyRefused(error.message) : error;
	} finally {
		signal.removeEventListener("abort", abort);
		socket.destroy();
	}
}

/** Valkey sends replicas of an unknown version an older format, which can't hold all of its data. */
export const ANY_VERSION = ["REPLCONF", "version", "255.255.255"];

/** Each is answered with a line. The last one keeps the engine from sending anything after the data. */
const preludeOf = ({ username, password }: EngineLogin) => [
	["AUTH", username, password],
	["REPLCONF", "capa", "eof"],
	["REPLCONF", "rdb-only", "1"],
];

export function send(socket: Socket, commands: readonly (readonly string[])[]): void {
	const texts = commands.map((args) => {
		const parts = args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`);
		return `*${args.length}\r\n${parts.join("")}`;
	});
	socket.write(texts.join(""));
}

/** The engine's answers, line by line, and what follows them. */
export class AnswerReader {
	private readonly chunks: AsyncIterator<Buffer>;
	private seen: Buffer = Buffer.alloc(0);

	constructor(socket: Socket) {
		this.chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
	}

	/** The next line that isn't empty: empty ones keep the connection alive. Throws for an error. */
	async line(): Promise<string> {
		const line = await this.anyLine();
		return requireConsent(line);
	}

	/** The next line, even if it is an error. */
	async anyLine(): Promise<string> {
		for (;;) {
			const end = this.seen.indexOf("\n");
			if (end === -1) {
				this.seen = Buffer.concat([this.seen, await this.next()]);
				continue;
			}
			const line = this.seen.subarray(0, end).toString("latin1").trim();
			this.seen = this.seen.subarray(end + 1);
			if (line !== "") return line;
		}
	}

	/** What has arrived after the last line. */
	rest(): Buffer {
		return this.seen;
	}

	async next(): Promise<Buffer> {
		const next = await this.chunks.next();
		if (next.done === true) throw new CopyRefused("the engine closed the connection early");
		return next.value;
	}
}

async function receive(
	feed: EngineFeed,
	engine: EngineLogin,
	file: RdbFile,
	{ onBegin, onProgress }: CopyOptions,
): Promise<number> {
	const { socket } = feed;
	const prelude = preludeOf(engine);
	send(socket, prelude);
	for (const _ of prelude) requireConsent(await feed.line());
	send(socket, [ANY_VERSION]);
	// Redis doesn't know the question.
	await feed.line();
	// Refused while an answer is on its way.
	send(socket, [["SYNC"]]);
	file.begin(endingOf(requireConsent(await feed.line())));
	onBegin();
	while (!(await file.add(await feed.next(), onProgress)));
	return await file.finish();
}

function requireConsent(line: string): string {
	if (line.startsWith("-")) throw new CopyRefused(`the engine refused: ${line.slice(1)}`);
	return line;
}

export function endingOf(line: string): Ending {
	const mark = /^\$EOF:(.{40})$/.exec(line)?.[1];
	if (mark !== undefined) return { mark: Buffer.from(mark, "latin1"), size: 0 };
	const size = /^\$(\d+)$/.exec(line)?.[1];
	if (size === undefined) throw new CopyRefused(`the engine's answer is damaged: ${line}`);
	return { mark: null, size: Number(size) };
}
