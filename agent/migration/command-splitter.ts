const [STAR, DOLLAR, NEWLINE] = [42, 36, 10] as const;

/** A command of a replication stream. */
export interface StreamCommand {
	/** In capitals. */
	readonly name: string;
	/** With its name. */
	readonly args: readonly Buffer[];
	/** As the source sent it. */
	readonly raw: Buffer;
	/** How many bytes of the stream end with it. */
	readonly end: number;
}

interface Split {
	readonly commands: readonly StreamCommand[];
	/** Of the stream that end with the last whole command. */
	readonly end: number;
}

/** Splits a primary's replication stream into commands. */
export class CommandSplitter {
	private held: Buffer = Buffer.alloc(0);
	/** What has arrived of a large command since, joined once it is whole. */
	private later: Buffer[] = [];
	private laterBytes = 0;
	/** The command that is held isn't whole before so many bytes are. */
	private needed = 0;
	private end = 0;

	push(chunk: Buffer): Split {
		this.later.push(chunk);
		this.laterBytes += chunk.length;
		if (this.held.length + this.laterBytes < this.needed) return { commands: [], end: this.end };
		this.held = this.held.length === 0 ? chunk : Buffer.concat([this.held, ...this.later]);
		this.later = [];
		this.laterBytes = 0;
		const commands: StreamCommand[] = [];
		let at = 0;
		while (at < this.held.length && this.held.length >= this.needed) {
			const read = this.read(at);
			if (read === null) break;
			this.end += read.end - at;
			if (read.args.length > 0) {
				const name = read.args[0]?.toString("latin1").toUpperCase() ?? "";
				const raw = this.held.subarray(at, read.end);
				commands.push({ name, args: read.args, raw, end: this.end });
			}
			at = read.end;
			this.needed = 0;
		}
		if (this.needed > 0) this.needed -= at;
		this.held = this.held.subarray(at);
		return { commands, end: this.end };
	}

	/** The command that begins there; null if it isn't whole yet. */
	private read(from: number): { args: Buffer[]; end: number } | null {
		// An empty line keeps the connection alive.
		if (this.held[from] === NEWLINE) return { args: [], end: from + 1 };
		const count = this.header(from, STAR);
		if (count === null) return null;
		let { at } = count;
		const args: Buffer[] = [];
		for (let index = 0; index < count.value; index += 1) {
			const size = this.header(at, DOLLAR);
			if (size === null) return null;
			const end = size.at + size.value;
			if (end + 2 > this.held.length) {
				this.needed = end + 2;
				return null;
			}
			args.push(this.held.subarray(size.at, end));
			at = end + 2;
		}
		return { args, end: at };
	}

	private header(from: number, type: number): { value: number; at: number } | null {
		const end = this.held.indexOf("\r\n", from);
		if (end === -1) return null;
		const value = Number(this.held.toString("latin1", from + 1, end));
		if (this.held[from] !== type || !Number.isInteger(value) || value < 0) {
			throw new Error("the source's replication stream is damaged");
		}
		return { value, at: end + 2 };
	}
}

/** A command in RESP. */
export function encodeCommand(args: readonly (string | Buffer)[]): Buffer {
	const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
	for (const arg of args) {
		const bytes = typeof arg === "string" ? Buffer.from(arg) : arg;
		parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n"));
	}
	return Buffer.concat(parts);
}
