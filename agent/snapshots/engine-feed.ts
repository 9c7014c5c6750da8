import { connect, type Socket } from "node:net";

const BUFFERS = 3;
const BUFFER_BYTES = 1024 ** 2;
/** With less room, the next buffer begins: a connection delivers up to so much at once. */
const ROOM_MIN_BYTES = 64 * 1024;
/** Less than this is worth handing on only if nothing follows for so long. */
const WORTHWHILE_BYTES = BUFFER_BYTES / 2;
const LINGER_MS = 20;

/** Why a feed ended before its reader had enough. */
export class FeedEnded extends Error {}

/** A part of a buffer. */
interface Piece {
	readonly buffer: number;
	readonly start: number;
	end: number;
}

/**
 * What an engine sends over a connection. It arrives in a ring of buffers, so that gigabytes leave no garbage: some fill while
 * the reader is busy with others. If all are full, the engine has to wait.
 */
export class EngineFeed {
	readonly socket: Socket;
	private readonly buffers = Array.from({ length: BUFFERS }, () =>
		Buffer.allocUnsafeSlow(BUFFER_BYTES),
	);
	/** How many pieces of each buffer the reader hasn't finished with. */
	private readonly uses: number[] = Array.from({ length: BUFFERS }, () => 0);
	/** Where the next byte goes. */
	private filling = 0;
	private at = 0;
	private waiting: Piece[] = [];
	private waitingBytes = 0;
	private taken: Piece[] = [];
	/** What the reader of lines hasn't taken. */
	private rest: Buffer = Buffer.alloc(0);
	private isPaused = false;
	private failure: Error | null = null;
	private onNews: () => void = () => undefined;

	constructor(port: number, host: string) {
		this.socket = connect({
			...{ port, host },
			onread: {
				buffer: () => this.buffer(this.filling).subarray(this.at),
				callback: (bytes) => this.arrive(bytes),
			},
		});
		const end = (error: Error) => {
			this.failure ??= error;
			this.onNews();
		};
		this.socket.on("error", end);
		this.socket.once("end", () => end(new FeedEnded("the engine closed the connection early")));
		this.socket.once("close", () => end(new FeedEnded("the connection was closed")));
	}

	/** The next line that isn't empty: empty ones keep the connection alive. */
	async line(): Promise<string> {
		for (;;) {
			const end = this.rest.indexOf("\n");
			if (end === -1) {
				this.rest = Buffer.concat([this.rest, ...(await this.take(1))]);
				continue;
			}
			const line = this.rest.subarray(0, end).toString("latin1").trim();
			this.rest = this.rest.subarray(end + 1);
			if (line !== "") return line;
		}
	}

	/** What has arrived next, valid until the next call. */
	async next(): Promise<readonly Buffer[]> {
		const { rest } = this;
		this.rest = Buffer.alloc(0);
		return rest.length > 0 ? [rest] : await this.take(WORTHWHILE_BYTES);
	}

	/** False if the connection has to wait. */
	private arrive(bytes: number): boolean {
		const last = this.waiting.at(-1);
		if (last?.buffer === this.filling && last.end === this.at) last.end += bytes;
		else {
			this.waiting.push({ buffer: this.filling, start: this.at, end: this.at + bytes });
			this.uses[this.filling] = this.usesOf(this.filling) + 1;
		}
		this.waitingBytes += bytes;
		this.at += bytes;
		if (BUFFER_BYTES - this.at < ROOM_MIN_BYTES) {
			this.filling = (this.filling + 1) % BUFFERS;
			this.at = 0;
			// The reader finishes with buffers in the order in which they fill.
			this.isPaused = this.usesOf(this.filling) > 0;
		}
		this.onNews();
		return !this.isPaused;
	}

	/** Waits for so many bytes, but not long if there are some. */
	private async take(worthwhile: number): Promise<Buffer[]> {
		this.release();
		let isLate = false;
		let timer: NodeJS.Timeout | null = null;
		try {
			while (this.waitingBytes === 0 || (this.waitingBytes < worthwhile && !isLate)) {
				if (this.failure !== null && this.waitingBytes === 0) throw this.failure;
				if (this.failure !== null) break;
				if (this.waitingBytes > 0) {
					timer ??= setTimeout(() => {
						isLate = true;
						this.onNews();
					}, LINGER_MS);
				}
				await new Promise<void>((resolve) => {
					this.onNews = resolve;
				});
			}
		} finally {
			if (timer !== null) clearTimeout(timer);
			this.onNews = () => undefined;
		}
		this.taken = this.waiting;
		this.waiting = [];
		this.waitingBytes = 0;
		return this.taken.map(({ buffer, start, end }) => this.buffer(buffer).subarray(start, end));
	}

	/** The reader has finished with what it has taken. */
	private release(): void {
		for (const { buffer } of this.taken) this.uses[buffer] = this.usesOf(buffer) - 1;
		this.taken = [];
		if (!this.isPaused || this.usesOf(this.filling) > 0) return;
		this.isPaused = false;
		this.socket.resume();
	}

	private usesOf(buffer: number): number {
		return this.uses[buffer] ?? 0;
	}

	private buffer(index: number): Buffer {
		const found = this.buffers[index];
		if (found === undefined) throw new Error("there is no such buffer");
		return found;
	}
}
