const [STAR, DOLLAR, NEWLINE] = [42, 36, 10] as const;
/** What a primary tells its replicas about the connection itself. */
const OF_THE_LINK: ReadonlySet<string> = new Set(["PING", "REPLCONF"]);

interface Split {
	/** Commands for the new engine, in one piece. */
	readonly forward: Buffer;
	readonly commands: number;
	/** Of the source's stream that end with the last whole command. */
	readonly bytes: number;
}

/** Splits a primary's replication stream into commands, and leaves out those that are about the connection. */
export class CommandSplitter {
	private held: Buffer = Buffer.alloc(0);
	/** The command that is held isn't whole before so many bytes are. */
	private needed = 0;

	push(chunk: Buffer): Split {
		this.held = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
		const forward: Buffer[] = [];
		let at = 0;
		while (at < this.held.length && this.held.length >= this.needed) {
			const command = this.read(at);
			if (command === null) break;
			if (command.name !== "" && !OF_THE_LINK.has(command.name))
				forward.push(this.held.subarray(at, command.end));
			at = command.end;
			this.needed = 0;
		}
		if (this.needed > 0) this.needed -= at;
		this.held = this.held.subarray(at);
		return { forward: Buffer.concat(forward), commands: forward.length, bytes: at };
	}

	/** The command that begins there; null if it isn't whole yet. */
	private read(from: number): { name: string; end: number } | null {
		// An empty line keeps the connection alive.
		if (this.held[from] === NEWLINE) return { name: "", end: from + 1 };
		const count = this.header(from, STAR);
		if (count === null) return null;
		let { at } = count;
		let name = "";
		for (let index = 0; index < count.value; index += 1) {
			const size = this.header(at, DOLLAR);
			if (size === null) return null;
			const end = size.at + size.value;
			if (end + 2 > this.held.length) {
				this.needed = end + 2;
				return null;
			}
			if (index === 0) name = this.held.toString("latin1", size.at, end).toUpperCase();
			at = end + 2;
		}
		return { name, end: at };
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
