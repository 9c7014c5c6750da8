/** An answer of the engine in RESP2. An error answer is a value here: the caller decides what it means. */
export type RespValue = string | number | null | RespFailure | RespValue[];

export class RespFailure {
	/** As the engine wrote it, code word first: `WRONGPASS invalid username-password pair`. */
	readonly message: string;
	constructor(message: string) {
		this.message = message;
	}
}

/** `latin1`: a character for each byte, so that keys of any bytes survive. */
export type RespEncoding = "utf8" | "latin1";

const NEED_MORE = Symbol("need more");

/** Splits a stream of bytes into RESP2 answers. */
export class RespParser {
	private readonly encoding: RespEncoding;
	private buffer: Buffer = Buffer.alloc(0);
	private position = 0;

	constructor(encoding: RespEncoding = "utf8") {
		this.encoding = encoding;
	}

	/** No value has arrived in part. */
	get isBetweenValues(): boolean {
		return this.buffer.length === 0;
	}

	/** Adds bytes and returns every value that is now complete. Throws on bytes that aren't RESP. */
	push(chunk: Buffer): RespValue[] {
		this.buffer = this.buffer.length === 0 ? chunk : Buffer.concat([this.buffer, chunk]);
		this.position = 0;
		const values: RespValue[] = [];
		let consumed = 0;
		while (this.position < this.buffer.length) {
			const value = this.read();
			if (value === NEED_MORE) break;
			values.push(value);
			consumed = this.position;
		}
		this.buffer = this.buffer.subarray(consumed);
		return values;
	}

	private read(): RespValue | typeof NEED_MORE {
		const end = this.buffer.indexOf("\r\n", this.position);
		if (end < 0) return NEED_MORE;
		const type = this.buffer.toString("latin1", this.position, this.position + 1);
		const line = this.buffer.toString("utf8", this.position + 1, end);
		this.position = end + 2;
		switch (type) {
			case "+":
				return line;
			case "-":
				return new RespFailure(line);
			case ":":
				return Number(line);
			case "$":
				return this.readBulk(Number(line));
			case "*":
				return this.readArray(Number(line));
			default:
				throw new Error("the answer isn't RESP: the listener isn't the engine");
		}
	}

	private readBulk(length: number): string | null | typeof NEED_MORE {
		if (length < 0) return null;
		const start = this.position;
		if (this.buffer.length < start + length + 2) return NEED_MORE;
		this.position = start + length + 2;
		return this.buffer.toString(this.encoding, start, start + length);
	}

	private readArray(length: number): RespValue[] | null | typeof NEED_MORE {
		if (length < 0) return null;
		const items: RespValue[] = [];
		for (let i = 0; i < length; i++) {
			const item = this.read();
			if (item === NEED_MORE) return NEED_MORE;
			items.push(item);
		}
		return items;
	}
}
