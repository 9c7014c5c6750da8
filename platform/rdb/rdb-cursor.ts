import type { BlockingRead } from "../files/growing-file.ts";
import { RdbError } from "./rdb-error.ts";

const CHUNK_BYTES = 1024 * 1024;

/** Takes what a cursor has read, in pieces that are valid only during the call. */
export type RdbSink = (piece: Uint8Array) => void;

/** Engines take no longer key or argument unless they are told to. */
const STRING_BYTES_MAX = 512 * 1024 ** 2;

/** A length, or the encoding of a string that isn't stored as its bytes. */
const ENCODED = -1;

/**
 * Reads an RDB file from its beginning, in chunks, whatever the size of its records. What it has read goes to the sink that
 * was chosen for it, in order; without one it is dropped. Synchronous, so it belongs in a worker thread.
 */
export class RdbCursor {
	private readonly read: BlockingRead;
	private buffer = Buffer.allocUnsafe(CHUNK_BYTES);
	/** Position in the file of the buffer's beginning. */
	private base = 0;
	/** Positions in the buffer: what isn't passed on yet, what comes next, and the end of what has been read. */
	private from = 0;
	private at = 0;
	private end = 0;
	private sink: RdbSink | null = null;
	private holding = false;
	/** Of the last string header: LZF, or an integer of this many bytes. */
	private encoding = 0;

	constructor(read: BlockingRead) {
		this.read = read;
	}

	/** Position in the file. */
	get position(): number {
		return this.base + this.at;
	}

	/** From here on, keeps what it reads until `choose` says where it goes. */
	hold(): void {
		this.passOn();
		this.holding = true;
	}

	/** Where everything since `hold` goes, and what follows. */
	choose(sink: RdbSink | null): void {
		this.holding = false;
		this.sink = sink;
	}

	/** Passes on everything so far; what follows is dropped until the next choice. */
	settle(): void {
		this.passOn();
		this.sink = null;
	}

	/** Whether the file ends here. */
	isAtEnd(): boolean {
		return this.at === this.end && !this.fill(1);
	}

	byte(): number {
		this.need(1);
		const value = this.buffer[this.at] ?? 0;
		this.at += 1;
		return value;
	}

	/** A copy of the next bytes. */
	bytes(count: number): Buffer {
		this.need(count);
		const copy = Buffer.from(this.buffer.subarray(this.at, this.at + count));
		this.at += count;
		return copy;
	}

	skip(count: number): void {
		let left = count;
		for (;;) {
			const step = Math.min(left, this.end - this.at);
			this.at += step;
			left -= step;
			if (left === 0) return;
			this.need(1);
		}
	}

	/** A count or size. Throws for an encoded string, which isn't one. */
	length(): number {
		const length = this.stringLength();
		if (length === ENCODED) throw new RdbError("a length is damaged");
		return length;
	}

	skipString(): void {
		const length = this.stringLength();
		if (length !== ENCODED) this.skip(length);
		else if (this.encoding > 0) this.skip(this.encoding);
		else {
			const compressed = this.length();
			this.length();
			this.skip(compressed);
		}
	}

	/** A string's content, as clients see it. */
	string(): Buffer {
		const length = this.stringLength();
		if (length !== ENCODED) return this.bytes(possible(length));
		if (this.encoding > 0) {
			const bytes = this.bytes(this.encoding);
			return Buffer.from(String(bytes.readIntLE(0, this.encoding)));
		}
		const compressed = possible(this.length());
		const plain = possible(this.length());
		return decompress(this.bytes(compressed), plain);
	}

	private stringLength(): number {
		const first = this.byte();
		switch (first >> 6) {
			case 0:
				return first & 0x3f;
			case 1:
				return ((first & 0x3f) << 8) | this.byte();
			case 2:
				return this.longLength(first);
			default:
				return this.encodedLength(first & 0x3f);
		}
	}

	private longLength(first: number): number {
		if (first === 0x80) {
			this.need(4);
			const value = this.buffer.readUInt32BE(this.at);
			this.at += 4;
			return value;
		}
		if (first !== 0x81) throw new RdbError("a length is damaged");
		this.need(8);
		const value = this.buffer.readBigUInt64BE(this.at);
		this.at += 8;
		// Positions and times in streams are numbers of up to 64 bits, which nobody counts with.
		return Number(value);
	}

	private encodedLength(kind: number): number {
		if (kind > 3) throw new RdbError("a string is damaged");
		this.encoding = [1, 2, 4, 0][kind] ?? 0;
		return ENCODED;
	}

	private need(count: number): void {
		if (this.end - this.at < count && !this.fill(count)) throw new RdbError("the file ends early");
	}

	/** Makes at least so many bytes available, if the file has them. */
	private fill(count: number): boolean {
		if (!this.holding) this.passOn();
		const kept = this.end - this.from;
		const wanted = this.at - this.from + count;
		if (wanted > this.buffer.length) {
			const larger = Buffer.allocUnsafe(Math.max(wanted, 2 * this.buffer.length));
			this.buffer.copy(larger, 0, this.from, this.end);
			this.buffer = larger;
		} else {
			this.buffer.copy(this.buffer, 0, this.from, this.end);
		}
		this.base += this.from;
		this.at -= this.from;
		this.from = 0;
		this.end = kept;
		while (this.end - this.at < count) {
			const read = this.read(this.buffer, this.end, this.buffer.length - this.end);
			if (read === 0) return false;
			this.end += read;
		}
		return true;
	}

	private passOn(): void {
		if (this.at > this.from) this.sink?.(this.buffer.subarray(this.from, this.at));
		this.from = this.at;
	}
}

/** A damaged length may be any number, and memory for that many bytes would be asked for. */
function possible(length: number): number {
	if (length <= STRING_BYTES_MAX) return length;
	throw new RdbError(`a string of ${length} bytes is impossible`);
}

/** LZF, with which engines compress long strings. */
function decompress(input: Buffer, plainBytes: number): Buffer {
	const output = Buffer.alloc(plainBytes);
	let at = 0;
	let out = 0;
	const next = () => {
		const value = input[at];
		if (value === undefined) throw new RdbError("a compressed string is damaged");
		at += 1;
		return value;
	};
	while (at < input.length) {
		const control = next();
		if (control < 32) {
			if (out + control + 1 > plainBytes) throw new RdbError("a compressed string is damaged");
			for (let left = control + 1; left > 0; left -= 1) output[out++] = next();
			continue;
		}
		let length = control >> 5;
		if (length === 7) length += next();
		const source = out - ((control & 0x1f) << 8) - next() - 1;
		if (source < 0 || out + length + 2 > plainBytes) {
			throw new RdbError("a compressed string is damaged");
		}
		for (let index = 0; index < length + 2; index += 1) output[out++] = output[source + index] ?? 0;
	}
	if (out !== plainBytes) throw new RdbError("a compressed string is damaged");
	return output;
}
