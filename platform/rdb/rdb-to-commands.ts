import { keySlot } from "./key-slot.ts";
import { type Crc64, updateCrc64 } from "./rdb-checksum.ts";
import { RdbError } from "./rdb-error.ts";
import { type RdbContent, type RdbVisitor, walkRdb } from "./walk-rdb.ts";

const PIECE_BYTES = 512 * 1024;
/** Of a command, everything but its key and value. */
const FRAME_BYTES = 256;
const LZF = 3;
const RAW_STRING = 0;
const FEW_BYTES = 48;
const [DOLLAR, ZERO, CR, LF] = [36, 48, 13, 10] as const;
/** What doesn't change from one command to the next. */
const PARTS = {
	select: Buffer.from("*2\r\n$6\r\nSELECT\r\n"),
	library: Buffer.from("*4\r\n$8\r\nFUNCTION\r\n$4\r\nLOAD\r\n$7\r\nREPLACE\r\n"),
	set: Buffer.from("*3\r\n$3\r\nSET\r\n"),
	setUntil: Buffer.from("*5\r\n$3\r\nSET\r\n"),
	until: Buffer.from("$4\r\nPXAT\r\n"),
	restore: Buffer.from("*6\r\n$7\r\nRESTORE\r\n"),
	never: Buffer.from("$1\r\n0\r\n"),
	replace: Buffer.from("\r\n$7\r\nREPLACE\r\n$6\r\nABSTTL\r\n"),
};
const [EXPIRY_MS, EXPIRY_SECONDS, FREQUENCY, IDLE] = [252, 253, 249, 248] as const;

export interface TranslationOptions {
	/** Which slots' keys are translated, by slot; null for all. */
	readonly slots: Uint8Array | null;
	/** Whether libraries of functions are translated. */
	readonly libraries: boolean;
	/** As for `walkRdb`. */
	readonly awaitMore: ((position: number) => boolean) | null;
	/** Takes ownership of some commands. `keys` counts those of the file up to here, translated or not. */
	readonly onPiece: (piece: Uint8Array, commands: number, keys: number) => void;
}

/**
 * Makes, of everything in an RDB file, the commands (RESP) that put it into a running engine: RESTORE takes a value as the
 * file has it, so an engine that reads the file's format has it exactly as it was. Plain strings go by SET, which is
 * quicker. Synchronous, like `walkRdb`.
 */
export function translateRdb(path: string, options: TranslationOptions): RdbContent {
	const visitor = new Translation(options);
	const content = walkRdb(path, visitor, options.awaitMore);
	visitor.finish();
	visitor.settle();
	return content;
}

class Translation implements RdbVisitor {
	private readonly options: TranslationOptions;
	private format = 0;
	private database = 0;
	private current: Buffer | null = null;
	/** The record of the current key, which arrives in pieces. */
	private record: Buffer = Buffer.allocUnsafe(PIECE_BYTES);
	private recordBytes = 0;
	private out: Buffer = Buffer.alloc(0);
	private used = 0;
	private commands = 0;
	private keys = 0;
	private readonly crc: Crc64 = { high: 0, low: 0 };
	private readonly collect = (piece: Uint8Array) => {
		const bytes = this.recordBytes + piece.length;
		if (bytes > this.record.length) {
			const larger = Buffer.allocUnsafe(Math.max(bytes, 2 * this.record.length));
			this.record.copy(larger, 0, 0, this.recordBytes);
			this.record = larger;
		}
		this.record.set(piece, this.recordBytes);
		this.recordBytes = bytes;
	};

	constructor(options: TranslationOptions) {
		this.options = options;
	}

	version(format: number): void {
		this.format = format;
	}

	key(database: number, key: Buffer) {
		this.finish();
		this.keys += 1;
		const { slots } = this.options;
		if (slots !== null && slots[keySlot(key)] !== 1) return null;
		if (database !== this.database) {
			this.database = database;
			this.select(database);
		}
		this.current = key;
		return this.collect;
	}

	library(code: Buffer) {
		this.finish();
		if (this.options.libraries) {
			this.begin(PARTS.library, code.length);
			this.argument(code, 0, code.length);
		}
		return null;
	}

	/** Writes what has been collected of the last key: all of it has been passed on when the next record begins. */
	finish(): void {
		const key = this.current;
		if (key === null) return;
		this.current = null;
		const { record } = this;
		const end = this.recordBytes;
		this.recordBytes = 0;
		const { expiresAtMs, type, valueAt } = splitRecord(record);
		const plain = type === RAW_STRING ? afterLength(record, valueAt) : null;
		if (plain !== null && plain.encoding === null) {
			this.set(key, plain.at, plain.at + plain.length, expiresAtMs);
		} else this.restore(key, type, valueAt, end, expiresAtMs);
	}

	/** Passes on what is ready. */
	settle(): void {
		if (this.used > 0) {
			this.options.onPiece(this.out.subarray(0, this.used), this.commands, this.keys);
		}
		this.out = Buffer.allocUnsafeSlow(PIECE_BYTES);
		this.used = 0;
		this.commands = 0;
	}

	private select(database: number): void {
		this.begin(PARTS.select, 0);
		this.text(String(database));
	}

	/** Its value is in the record. */
	private set(key: Buffer, from: number, to: number, expiresAtMs: bigint | null): void {
		this.begin(expiresAtMs === null ? PARTS.set : PARTS.setUntil, key.length + to - from);
		this.argument(key, 0, key.length);
		this.argument(this.record, from, to);
		if (expiresAtMs === null) return;
		this.bytes(PARTS.until, 0, PARTS.until.length);
		this.text(String(expiresAtMs));
	}

	private restore(
		key: Buffer,
		type: number,
		from: number,
		to: number,
		expiresAtMs: bigint | null,
	): void {
		this.begin(PARTS.restore, key.length + to - from);
		this.argument(key, 0, key.length);
		if (expiresAtMs === null) this.bytes(PARTS.never, 0, PARTS.never.length);
		else this.text(String(expiresAtMs));
		// Its type, the value, the format and the checksum, as DUMP writes them.
		this.length(1 + to - from + 2 + 8);
		const begin = this.used;
		this.out[this.used++] = type;
		this.bytes(this.record, from, to);
		this.used = this.out.writeUInt16LE(this.format, this.used);
		this.crc.high = 0;
		this.crc.low = 0;
		updateCrc64(this.crc, this.out, begin, this.used);
		this.used = this.out.writeUInt32LE(this.crc.low, this.used);
		this.used = this.out.writeUInt32LE(this.crc.high, this.used);
		this.bytes(PARTS.replace, 0, PARTS.replace.length);
	}

	/** Begins a command whose arguments have so many bytes, apart from short ones. */
	private begin(head: Buffer, bytes: number): void {
		if (this.used + bytes + FRAME_BYTES > this.out.length) {
			this.settle();
			if (bytes + FRAME_BYTES > this.out.length) {
				this.out = Buffer.allocUnsafeSlow(bytes + FRAME_BYTES);
			}
		}
		this.commands += 1;
		this.bytes(head, 0, head.length);
	}

	private argument(from: Buffer, begin: number, end: number): void {
		this.length(end - begin);
		this.bytes(from, begin, end);
		this.line();
	}

	private text(text: string): void {
		this.length(text.length);
		this.used += this.out.write(text, this.used, "latin1");
		this.line();
	}

	/** `$`, and the number of bytes that follow. */
	private length(bytes: number): void {
		const { out } = this;
		let digits = 1;
		for (let rest = bytes; rest >= 10; rest = Math.floor(rest / 10)) digits += 1;
		out[this.used] = DOLLAR;
		let rest = bytes;
		for (let at = this.used + digits; at > this.used; at -= 1) {
			out[at] = ZERO + (rest % 10);
			rest = Math.floor(rest / 10);
		}
		this.used += 1 + digits;
		this.line();
	}

	private line(): void {
		this.out[this.used] = CR;
		this.out[this.used + 1] = LF;
		this.used += 2;
	}

	/** For a few bytes, a loop is quicker than a view. */
	private bytes(from: Buffer, begin: number, end: number): void {
		const { out } = this;
		const count = end - begin;
		if (count > FEW_BYTES) out.set(from.subarray(begin, end), this.used);
		else for (let at = 0; at < count; at += 1) out[this.used + at] = from[begin + at] as number;
		this.used += count;
	}
}

/** The parts of a key's record: when it expires, its type, and where its value begins. */
function splitRecord(record: Buffer): {
	expiresAtMs: bigint | null;
	type: number;
	valueAt: number;
} {
	let at = 0;
	let expiresAtMs: bigint | null = null;
	for (;;) {
		const code = record[at];
		if (code === EXPIRY_MS) {
			expiresAtMs = record.readBigUInt64LE(at + 1);
			at += 9;
		} else if (code === EXPIRY_SECONDS) {
			expiresAtMs = BigInt(record.readUInt32LE(at + 1)) * 1_000n;
			at += 5;
		} else if (code === FREQUENCY) at += 2;
		else if (code === IDLE) at = afterLength(record, at + 1).at;
		else return { expiresAtMs, type: code ?? 0, valueAt: afterString(record, at + 1) };
	}
}

function afterString(record: Buffer, from: number): number {
	const { length, encoding, at } = afterLength(record, from);
	if (encoding === null) return at + length;
	if (encoding < LZF) return at + 2 ** encoding;
	const compressed = afterLength(record, at);
	return afterLength(record, compressed.at).at + compressed.length;
}

function afterLength(record: Buffer, at: number) {
	const first = record[at] ?? 0;
	const plain = (length: number, bytes: number) => ({ length, encoding: null, at: at + bytes });
	switch (first >> 6) {
		case 0:
			return plain(first & 0x3f, 1);
		case 1:
			return plain(((first & 0x3f) << 8) | (record[at + 1] ?? 0), 2);
		case 2:
			if (first === 0x80) return plain(record.readUInt32BE(at + 1), 5);
			if (first === 0x81) return plain(Number(record.readBigUInt64BE(at + 1)), 9);
			throw new RdbError("a length is damaged");
		default:
			return { length: 0, encoding: first & 0x3f, at: at + 1 };
	}
}
