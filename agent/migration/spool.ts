import { type FileHandle, open } from "node:fs/promises";

const PIECE_BYTES = 1024 * 1024;

/** Bytes that arrive sooner than they can go on: a file that is read from its beginning, and is emptied when all is read. */
export class Spool {
	private readonly file: FileHandle;
	private written = 0;
	private read = 0;
	/** One step at a time, so that nothing is written while the file is emptied. */
	private queue: Promise<unknown> = Promise.resolve();
	private arrival: PromiseWithResolvers | null = null;
	private failure: Error | null = null;

	private constructor(file: FileHandle) {
		this.file = file;
	}

	static async open(path: string): Promise<Spool> {
		return new Spool(await open(path, "w+", 0o600));
	}

	async append(bytes: Buffer): Promise<void> {
		await this.inTurn(async () => {
			for (let done = 0; done < bytes.length; ) {
				const { bytesWritten } = await this.file.write(bytes, done, undefined, this.written);
				done += bytesWritten;
				this.written += bytesWritten;
			}
		});
		this.arrival?.resolve();
	}

	/** The next bytes, once there are any. Throws what it was ended with. */
	async next(): Promise<Buffer> {
		while (this.read === this.written) {
			if (this.failure !== null) throw this.failure;
			this.arrival = withResolvers();
			await this.arrival.promise;
		}
		return await this.inTurn(async () => {
			const size = Math.min(PIECE_BYTES, this.written - this.read);
			const piece = Buffer.allocUnsafe(size);
			const { bytesRead } = await this.file.read(piece, 0, size, this.read);
			this.read += bytesRead;
			if (this.read === this.written && this.written > PIECE_BYTES) {
				await this.file.truncate(0);
				this.read = 0;
				this.written = 0;
			}
			return piece.subarray(0, bytesRead);
		});
	}

	/** Nothing more will arrive. */
	end(error: Error): void {
		this.failure ??= error;
		this.arrival?.resolve();
	}

	async close(): Promise<void> {
		this.end(new Error("the spool was closed"));
		await this.queue;
		await this.file.close();
	}

	private inTurn<T>(work: () => Promise<T>): Promise<T> {
		const done = this.queue.then(work);
		this.queue = done.catch(() => undefined);
		return done;
	}
}

interface PromiseWithResolvers {
	readonly promise: Promise<void>;
	resolve(): void;
}

function withResolvers(): PromiseWithResolvers {
	let resolve: () => void = () => undefined;
	const promise = new Promise<void>((done) => {
		resolve = done;
	});
	return { promise, resolve };
}
