import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { readFileFrom } from "../files/growing-file.ts";
import { hashing } from "../files/hashing.ts";
import { keySlot } from "./key-slot.ts";
import { RdbError } from "./rdb-error.ts";
import { type RdbVisitor, walkContent, walkRdb } from "./walk-rdb.ts";

const BUFFER_BYTES = 1024 * 1024;
const SLOTS = 16_384;
const MAGIC_BYTES = 9;
const [DATABASE, END] = [254, 255] as const;

export interface RdbSource {
	readonly path: string;
	/** Which its content must have, in lower-case hexadecimal; null if that is known. */
	readonly sha256: string | null;
}

/** Slots that a file should hold; null for all keys. */
export type WantedSlots = readonly { readonly first: number; readonly last: number }[] | null;

/**
 * Writes one RDB file with everything in several others whose keys are in some slots. Their records are copied byte for byte,
 * so values, expiry times and stream groups are as they were. Of functions, which every shard has, one copy remains. Returns
 * the number of keys. Synchronous, like `walkRdb`.
 */
export function filterRdb(
	sources: readonly RdbSource[],
	slots: WantedSlots,
	target: string,
): { keys: number } {
	const writer = new RdbWriter(target);
	try {
		// The format of the newest: an engine reads older records in it.
		writer.write(
			sources
				.map(({ path }) => readMagic(path))
				.reduce((a, b) => (versionOf(a) < versionOf(b) ? b : a)),
		);
		const visitor = new Selection(slots, writer);
		for (const source of sources) {
			readAll(source, visitor);
			writer.settle();
		}
		// A checksum of zero means that there is none.
		writer.write(Buffer.concat([Buffer.of(END), Buffer.alloc(8)]));
		writer.settle();
		return { keys: visitor.keys };
	} finally {
		writer.close();
	}
}

/** Compares its content with what it should be as it reads it. */
function readAll({ path, sha256 }: RdbSource, visitor: RdbVisitor): void {
	if (sha256 === null) return void walkRdb(path, visitor);
	const fd = openSync(path, "r");
	try {
		const hash = createHash("sha256");
		walkContent(hashing(readFileFrom(fd), hash), visitor);
		if (hash.digest("hex") !== sha256)
			throw new RdbError("the content isn't what it should be: its checksum differs");
	} finally {
		closeSync(fd);
	}
}

function readMagic(path: string): Buffer {
	const fd = openSync(path, "r");
	try {
		const magic = Buffer.alloc(MAGIC_BYTES);
		readSync(fd, magic, 0, MAGIC_BYTES, 0);
		return magic;
	} finally {
		closeSync(fd);
	}
}

function versionOf(magic: Buffer): number {
	return Number(/\d+$/.exec(magic.toString("latin1"))?.[0] ?? 0);
}

/** Chooses what goes into the new file. */
class Selection implements RdbVisitor {
	keys = 0;
	private readonly wanted: Uint8Array | null;
	private readonly writer: RdbWriter;
	private readonly sink: (piece: Uint8Array) => void;
	private readonly libraries = new Set<string>();
	private database: number | null = null;

	constructor(slots: WantedSlots, writer: RdbWriter) {
		this.wanted = slots === null ? null : membersOf(slots);
		this.writer = writer;
		this.sink = (piece) => writer.write(piece);
	}

	key(database: number, key: Buffer) {
		if (this.wanted !== null && this.wanted[keySlot(key)] === 0) return null;
		this.keys += 1;
		if (database !== this.database) {
			this.database = database;
			this.writer.write(Buffer.of(DATABASE, ...lengthBytes(database)));
		}
		return this.sink;
	}

	library(code: Buffer) {
		const name =
			/^#!\S+.*?\bname=(\S+)/.exec(code.toString("latin1"))?.[1] ?? code.toString("latin1");
		if (this.libraries.has(name)) return null;
		this.libraries.add(name);
		return this.sink;
	}
}

function membersOf(slots: NonNullable<WantedSlots>): Uint8Array {
	const members = new Uint8Array(SLOTS);
	for (const { first, last } of slots) members.fill(1, first, last + 1);
	return members;
}

/** A length as RDB writes it. */
function lengthBytes(length: number): number[] {
	return length < 64 ? [length] : [0x40 | (length >> 8), length & 0xff];
}

/** Writes a file in large pieces. */
class RdbWriter {
	private readonly fd: number;
	private readonly buffer = Buffer.allocUnsafe(BUFFER_BYTES);
	private used = 0;

	constructor(path: string) {
		this.fd = openSync(path, "w", 0o600);
	}

	write(piece: Uint8Array): void {
		if (piece.length > this.buffer.length - this.used) this.settle();
		if (piece.length > this.buffer.length) this.writeOut(piece);
		else {
			this.buffer.set(piece, this.used);
			this.used += piece.length;
		}
	}

	settle(): void {
		this.writeOut(this.buffer.subarray(0, this.used));
		this.used = 0;
	}

	close(): void {
		closeSync(this.fd);
	}

	private writeOut(piece: Uint8Array): void {
		for (let done = 0; done < piece.length; ) done += writeSync(this.fd, piece, done);
	}
}
