import { closeSync, openSync } from "node:fs";
import { type BlockingRead, readFileFrom } from "../files/growing-file.ts";
import { RdbCursor, type RdbSink } from "./rdb-cursor.ts";
import { PassingRdbError, RdbError } from "./rdb-error.ts";

/** What an RDB file holds. */
export interface RdbContent {
	/** Of the format: 11 for Redis 7.2 and Valkey 8, 80 for Valkey 9. */
	readonly rdbVersion: number;
	/** The engine that wrote it, such as valkey 9.1.2; null if it doesn't say. */
	readonly producer: string | null;
	readonly keys: number;
	/** Keys that expire, whether or not they already have. */
	readonly expiringKeys: number;
	/** The highest number of a database with keys; -1 for none. */
	readonly lastDatabase: number;
	/** Libraries of functions. */
	readonly functions: number;
}

/** Where parts of a file go while it is walked. What no choice is made for is dropped. */
export interface RdbVisitor {
	/** Called first, with the version of the format. */
	version?(format: number): void;
	/** Called with each key, before its value is read. */
	key(database: number, key: Buffer): RdbSink | null;
	/** Called with the code of each library of functions. */
	library(code: Buffer): RdbSink | null;
}

const OPCODE = {
	slotImport: 243,
	slotInfo: 244,
	library: 245,
	libraryOfCandidates: 246,
	moduleData: 247,
	idle: 248,
	frequency: 249,
	field: 250,
	sizes: 251,
	expiryMs: 252,
	expirySeconds: 253,
	database: 254,
	end: 255,
} as const;

/** The only formats with other record types than these engines': Redis OSS 7.4 and later. */
const REDIS_NEWEST = 11;

/**
 * Reads every record of an RDB file, so it finds out whether the file is whole, without regard to its checksum. Throws
 * RdbError otherwise, and for data of modules. Synchronous, and a gigabyte takes seconds, so it belongs in a worker thread.
 */
export function walkRdb(
	path: string,
	visitor: RdbVisitor | null = null,
	/** Of a file that is still being written: waits until it is longer than this; false once it is whole. */
	awaitMore: ((position: number) => boolean) | null = null,
): RdbContent {
	const fd = openSync(path, "r");
	try {
		return walkContent(readFileFrom(fd, awaitMore), visitor);
	} finally {
		closeSync(fd);
	}
}

/** The same of what `read` returns. */
export function walkContent(read: BlockingRead, visitor: RdbVisitor | null = null): RdbContent {
	return new Walk(new RdbCursor(read), visitor).run();
}

class Walk {
	private readonly cursor: RdbCursor;
	private readonly visitor: RdbVisitor | null;
	private database = 0;
	private content = {
		...{ rdbVersion: 0, producer: null as string | null, keys: 0, expiringKeys: 0 },
		...{ lastDatabase: -1, functions: 0 },
	};

	constructor(cursor: RdbCursor, visitor: RdbVisitor | null) {
		this.cursor = cursor;
		this.visitor = visitor;
	}

	run(): RdbContent {
		this.content.rdbVersion = this.header();
		this.visitor?.version?.(this.content.rdbVersion);
		for (;;) {
			this.cursor.hold();
			const type = this.cursor.byte();
			if (type === OPCODE.end) break;
			this.record(type);
		}
		this.cursor.choose(null);
		// Before version 5 there was no checksum.
		if (this.content.rdbVersion >= 5) this.cursor.skip(8);
		if (!this.cursor.isAtEnd()) throw new RdbError("the file continues after its end");
		return { ...this.content };
	}

	private header(): number {
		const magic = this.cursor.bytes(9).toString("latin1");
		const found = /^(?:REDIS(\d{4})|VALKEY(\d{3}))$/.exec(magic);
		if (found === null) throw new RdbError("it isn't an RDB file");
		const version = Number(found[1] ?? found[2]);
		if (found[1] !== undefined && version > REDIS_NEWEST) {
			throw new RdbError(
				`its format, RDB ${version}, is newer than those of Redis OSS 7.2 and Valkey`,
			);
		}
		return version;
	}

	private record(type: number): void {
		switch (type) {
			case OPCODE.database:
				this.database = this.cursor.length();
				this.cursor.choose(null);
				break;
			case OPCODE.sizes:
				this.drop(2);
				break;
			case OPCODE.slotInfo:
				this.drop(3);
				break;
			case OPCODE.field:
				this.field();
				break;
			case OPCODE.library:
				this.library();
				break;
			case OPCODE.libraryOfCandidates:
				throw new RdbError("it holds functions of a release candidate of Redis 7.0");
			case OPCODE.moduleData:
				throw new RdbError("it holds data of modules");
			case OPCODE.slotImport:
				throw new PassingRdbError("it was saved while slots moved to its shard");
			default:
				this.keyRecord(type);
		}
	}

	private drop(lengths: number): void {
		for (let left = lengths; left > 0; left -= 1) this.cursor.length();
		this.cursor.choose(null);
	}

	private field(): void {
		const name = this.cursor.string().toString("latin1");
		const value = this.cursor.string().toString("latin1");
		const engine = /^(valkey|redis)-ver$/.exec(name)?.[1];
		if (engine !== undefined) this.content.producer = `${engine} ${value}`;
		this.cursor.choose(null);
	}

	private library(): void {
		const code = this.cursor.string();
		this.content.functions += 1;
		this.cursor.choose(this.visitor?.library(code) ?? null);
	}

	private keyRecord(first: number): void {
		const { cursor, content } = this;
		let type = first;
		let expires = false;
		for (; ; type = cursor.byte()) {
			if (type === OPCODE.expiryMs) cursor.skip(8);
			else if (type === OPCODE.expirySeconds) cursor.skip(4);
			else if (type === OPCODE.frequency) cursor.skip(1);
			else if (type === OPCODE.idle) cursor.length();
			else break;
			expires ||= type === OPCODE.expiryMs || type === OPCODE.expirySeconds;
		}
		content.keys += 1;
		if (expires) content.expiringKeys += 1;
		content.lastDatabase = Math.max(content.lastDatabase, this.database);
		if (this.visitor === null) {
			// Keys are as long as strings may be.
			cursor.choose(null);
			cursor.skipString();
		} else {
			cursor.choose(this.visitor.key(this.database, cursor.string()));
		}
		skipValue(cursor, type);
	}
}

/** What skips a value, by the type that its record begins with. */
const VALUES: Readonly<Record<number, (cursor: RdbCursor) => void>> = {
	// One string each: plain, or a whole collection in one of the compact encodings.
	...Object.fromEntries([0, 9, 10, 11, 12, 13, 16, 17, 20].map((type) => [type, skipString])),
	// Lists and sets.
	...Object.fromEntries([1, 2, 14].map((type) => [type, collectionOf(skipString)])),
	3: collectionOf((cursor) => {
		cursor.skipString();
		const length = cursor.byte();
		// Three lengths stand for infinities and no number.
		if (length < 253) cursor.skip(length);
	}),
	4: collectionOf((cursor) => {
		cursor.skipString();
		cursor.skipString();
	}),
	5: collectionOf((cursor) => {
		cursor.skipString();
		cursor.skip(8);
	}),
	6: refuseModule,
	7: refuseModule,
	15: (cursor) => skipStream(cursor, 1),
	18: collectionOf((cursor) => {
		cursor.length();
		cursor.skipString();
	}),
	19: (cursor) => skipStream(cursor, 2),
	21: (cursor) => skipStream(cursor, 3),
	// A hash whose fields expire, of Valkey 9.
	22: collectionOf((cursor) => {
		cursor.skipString();
		cursor.skipString();
		cursor.skip(8);
	}),
};

function skipValue(cursor: RdbCursor, type: number): void {
	const skip = VALUES[type];
	if (skip !== undefined) skip(cursor);
	else {
		throw new RdbError(`it is damaged, or holds a type of data that Larder doesn't know (${type})`);
	}
}

function skipString(cursor: RdbCursor): void {
	cursor.skipString();
}

function collectionOf(skipEntry: (cursor: RdbCursor) => void): (cursor: RdbCursor) => void {
	return (cursor) => times(cursor.length(), () => skipEntry(cursor));
}

function refuseModule(): never {
	throw new RdbError("it holds data of modules");
}

const STREAM_ID_BYTES = 16;

function skipStream(cursor: RdbCursor, version: 1 | 2 | 3): void {
	times(cursor.length(), () => {
		cursor.skipString();
		cursor.skipString();
	});
	// Length and last id; since version 2 also the first id, the highest deleted one, and how many were ever added.
	times(version === 1 ? 3 : 8, () => cursor.length());
	times(cursor.length(), () => {
		cursor.skipString();
		// The group's last id, and since version 2 how many entries it has read.
		times(version === 1 ? 2 : 3, () => cursor.length());
		times(cursor.length(), () => {
			cursor.skip(STREAM_ID_BYTES + 8);
			cursor.length();
		});
		times(cursor.length(), () => {
			cursor.skipString();
			// When the consumer was last seen and, since version 3, last active.
			cursor.skip(version === 3 ? 16 : 8);
			times(cursor.length(), () => cursor.skip(STREAM_ID_BYTES));
		});
	});
}

function times(count: number, work: () => void): void {
	for (let left = count; left > 0; left -= 1) work();
}
