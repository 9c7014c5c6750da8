import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { connect, type Socket } from "node:net";

/** How long the engine may send nothing: it may first have to wait for another of its children. */
const SILENCE_MS = 120_000;
const MARK_BYTES = 40;

export interface EngineLogin {
	readonly host: string;
	readonly port: number;
	readonly username: string;
	readonly password: string;
}

/** The engine can't be copied from now. The message says why, in a clause. */
export class CopyRefused extends Error {}

/**
 * Copies all data of a running engine, as of one moment, to a file: the engine sends it as it would to a new replica that
 * wants nothing afterward. It forks, but writes no file of its own, so it needs no disk and leaves nothing behind. The
 * file is on the disk when this returns.
 *
 * `onBegin` is called when the first byte arrives: the data is as of that moment.
 */
export async function copyData(
	engine: EngineLogin,
	path: string,
	options: {
		signal: AbortSignal;
		onBegin: () => void;
		onProgress: (bytes: number) => void | Promise<void>;
	},
): Promise<{ bytes: number; sha256: string }> {
	const { signal } = options;
	signal.throwIfAborted();
	const socket = connect(engine.port, engine.host);
	const abort = () => socket.destroy(new CopyRefused("it is no longer wanted"));
	signal.addEventListener("abort", abort, { once: true });
	socket.setTimeout(SILENCE_MS, () => {
		socket.destroy(new CopyRefused(`the engine sent nothing for ${SILENCE_MS / 1_000} s`));
	});
	const file = await open(path, "w", 0o600);
	try {
		return await receive(socket, engine, file, options);
	} finally {
		signal.removeEventListener("abort", abort);
		socket.destroy();
		await file.close();
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
		if (line.startsWith("-")) throw new CopyRefused(`the engine refused: ${line.slice(1)}`);
		return line;
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
	socket: Socket,
	engine: EngineLogin,
	file: FileHandle,
	{
		onBegin,
		onProgress,
	}: { onBegin: () => void; onProgress: (bytes: number) => void | Promise<void> },
): Promise<{ bytes: number; sha256: string }> {
	const reader = new AnswerReader(socket);
	const prelude = preludeOf(engine);
	send(socket, prelude);
	for (const _ of prelude) await reader.line();
	send(socket, [ANY_VERSION]);
	// Redis doesn't know the question.
	await reader.anyLine();
	// Refused while an answer is on its way.
	send(socket, [["SYNC"]]);
	const ending = endingOf(await reader.line());
	onBegin();
	const hash = createHash("sha256");
	let bytes = 0;
	const store = async (piece: Buffer) => {
		if (piece.length === 0) return;
		hash.update(piece);
		await file.writeFile(piece);
		bytes += piece.length;
		await onProgress(bytes);
	};
	// What may be the mark at the end isn't data yet.
	const kept = ending.mark === null ? 0 : MARK_BYTES;
	let held = reader.rest();
	while (!isEnd(held, bytes, ending)) {
		const certain = Math.max(0, held.length - kept);
		await store(held.subarray(0, certain));
		held = Buffer.concat([held.subarray(certain), await reader.next()]);
	}
	await store(held.subarray(0, held.length - kept));
	await file.sync();
	return { bytes, sha256: hash.digest("hex") };
}

export interface Ending {
	/** What follows the data; null if its size is known instead. */
	readonly mark: Buffer | null;
	readonly size: number;
}

export function endingOf(line: string): Ending {
	const mark = /^\$EOF:(.{40})$/.exec(line)?.[1];
	if (mark !== undefined) return { mark: Buffer.from(mark, "latin1"), size: 0 };
	const size = /^\$(\d+)$/.exec(line)?.[1];
	if (size === undefined) throw new CopyRefused(`the engine's answer is damaged: ${line}`);
	return { mark: null, size: Number(size) };
}

function isEnd(held: Buffer, stored: number, { mark, size }: Ending): boolean {
	if (mark === null) return stored + held.length >= size;
	return held.length >= MARK_BYTES && held.subarray(-MARK_BYTES).equals(mark);
}
