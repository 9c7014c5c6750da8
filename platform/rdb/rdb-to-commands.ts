import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { type Crc64, updateCrc64 } from "./rdb-checksum.ts";
import { RdbError } from "./rdb-error.ts";
import { type RdbContent, type RdbVisitor, walkRdb } from "./walk-rdb.ts";

const BUFFER_BYTES = 1024 * 1024;
const MAGIC_BYTES = 9;
const LZF = 3;

export interface WrittenCommands {
	readonly content: RdbContent;
	/** Of which each gets one answer. */
	readonly commands: number;
	readonly bytes: number;
}

/**
 * Writes the commands, in RESP, that put everything in an RDB file into a running engine: RESTORE takes a value as the file
 * has it, so an engine that reads the file's format has it exactly as it was. Synchronous, like `walkRdb`.
 */
export function writeCommands(path: string, target: string): WrittenCommands {
	const out = new CommandWriter(target);
	try {
		const visitor = new Translation(formatOf(path), out);
		const content = walkRdb(path, visitor);
		visitor.finish();
		out.settle();
		return { content, commands: out.commands, bytes: out.bytes };
	} finally {
		out.close();
	}
}

function formatOf(path: string): number {
	const fd = openSync(path, "r");
	try {
		const magic = Buffer.alloc(MAGIC_BYTES);
		readSync(fd, magic, 0, MAGIC_BYTES, 0);
		return Number(/\d+$/.exec(magic.toString("latin1"))?.[0] ?? 0);
	} finally {
		closeSync(fd);
	}
}

class Translation implements RdbVisitor {
	private readonly format: number;
	private readonly out: CommandWriter;
	private database = 0;
	private current: Buffer | null = null;
	private pieces: Buffer[] = [];
	private readonly collect = (piece: Uint8Array) => {
		this.pieces.push(Buffer.from(piece));
	};

	constructor(format: number, out: CommandWriter) {
		this.format = format;
		this.out = out;
	}

	key(database: number, key: Buffer) {
		this.finish();
		if (database !== this.database) {
			this.database = database;
			this.out.write(["SELECT", String(database)]);
		}
		this.current = key;
		return this.collect;
	}

	library(code: Buffer) {
		this.finish();
		this.out.write(["FUNCTION", "LOAD", "REPLACE", code]);
		return null;
	}

	/** Writes what has been collected of the last key: all of it has been passed on when the next record begins. */
	finish(): void {
		const key = this.current;
		if (key === null) return;
		const { expiresAtMs, value } = splitRecord(Buffer.concat(this.pieces));
		this.current = null;
		this.pieces = [];
		const format = Buffer.alloc(2);
		format.writeUInt16LE(this.format);
		const dump = Buffer.concat([value, format]);
		const payload = Buffer.concat([dump, checksumOf(dump)]);
		this.out.write(["RESTORE", key, String(expiresAtMs ?? 0), payload, "REPLACE", "ABSTTL"]);
	}
}

/** As the engine expects it at the end of a dumped value. */
function checksumOf(dump: Buffer): Buffer {
	const crc: Crc64 = { high: 0, low: 0 };
	updateCrc64(crc, dump);
	const sum = Buffer.alloc(8);
	sum.writeUInt32LE(crc.low, 0);
	sum.writeUInt32LE(crc.high, 4);
	return sum;
}

/** The parts of a key's record: when it expires, and its type with its value. */
function splitRecord(record: Buffer): { expiresAtMs: bigint | null; value: Buffer } {
	let at = 0;
	let expiresAtMs: bigint | null = null;
	for (;;) {
		const code = record[at];
		if (code === 252) {
			expiresAtMs = record.readBigUInt64LE(at + 1);
			at += 9;
		} else if (code === 253) {
			expiresAtMs = BigInt(record.readUInt32LE(at + 1)) * 1_000n;
			at += 5;
		} else if (code === 249) at += 2;
		else if (code === 248) at = afterLength(record, at + 1).at;
		else break;
	}
	const type = record.subarray(at, at + 1);
	return {
		expiresAtMs,
		value: Buffer.concat([type, record.subarray(afterString(record, at + 1))]),
	};
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

/** Writes a file of commands in large pieces. */
class CommandWriter {
	private readonly fd: number;
	private pieces: Buffer[] = [];
	private held = 0;
	commands = 0;
	bytes = 0;

	constructor(path: string) {
		this.fd = openSync(path, "w", 0o600);
	}

	write(args: readonly (string | Buffer)[]): void {
		this.add(Buffer.from(`*${args.length}\r\n`));
		for (const arg of args) {
			const bytes = typeof arg === "string" ? Buffer.from(arg) : arg;
			this.add(Buffer.from(`$${bytes.length}\r\n`));
			this.add(bytes);
			this.add(Buffer.from("\r\n"));
		}
		this.commands += 1;
		if (this.held >= BUFFER_BYTES) this.settle();
	}

	settle(): void {
		const all = Buffer.concat(this.pieces);
		for (let done = 0; done < all.length; ) done += writeSync(this.fd, all, done);
		this.pieces = [];
		this.held = 0;
	}

	close(): void {
		closeSync(this.fd);
	}

	private add(bytes: Buffer): void {
		this.pieces.push(bytes);
		this.held += bytes.length;
		this.bytes += bytes.length;
	}
}
