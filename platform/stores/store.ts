import type { Readable } from "node:stream";

/** What a store holds under a key, before any encryption. */
export interface StoredContent {
	readonly bytes: number;
	/** In lower-case hexadecimal. */
	readonly sha256: string;
}

export interface StoredObject {
	readonly key: string;
	readonly bytes: number;
	readonly modifiedAt: Date;
}

export interface PutOptions {
	/** Continues an unfinished put, whose `received` it must equal; 0 begins anew. The stream begins there. */
	readonly offset?: number;
	/** The size of the whole, if known: the store then looks for room before it begins. */
	readonly bytes?: number;
	/** Gets what is about to appear. If it throws, nothing appears, and what was received is discarded. */
	readonly verify?: (content: StoredContent) => void;
	/** Bytes of the whole that the store has received. */
	readonly onProgress?: (received: number) => void;
	readonly signal?: AbortSignal;
}

/** Bytes from `start` up to, but not including, `end`. */
export interface ByteRange {
	readonly start?: number;
	readonly end?: number;
}

/**
 * A place for snapshots and backups. Objects are whole or absent: an unfinished put is never listed, found or read. All
 * methods throw StoreError for failures that the operator can do something about.
 */
export interface SnapshotStore {
	/**
	 * Stores a stream, and returns once it is durable. It replaces an object of the same key. The result covers the whole
	 * content, even if it was sent in parts. A put that fails can be continued, unless its content was refused.
	 */
	put(key: string, source: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<StoredContent>;
	/** Bytes that the store holds of an unfinished put; 0 if there are none, or if it can't continue. */
	received(key: string): Promise<number>;
	get(
		key: string,
		range?: ByteRange,
		signal?: AbortSignal,
	): Promise<{ totalBytes: number; content: Readable }>;
	/** Null if there is no such object. */
	stat(key: string): Promise<{ bytes: number; modifiedAt: Date } | null>;
	/** The objects whose keys begin with `prefix`, which ends with a slash or is empty, in order of their keys. */
	list(prefix: string): AsyncIterable<StoredObject>;
	/**
	 * `verify` gets what is about to appear, as in a put, if the copy is made by this process: that of a bucket is made, and
	 * compared with its checksum, by the bucket's service.
	 */
	copy(from: string, to: string, verify?: PutOptions["verify"]): Promise<void>;
	/** Removes an object, and what an unfinished put has left. An absent one is fine. */
	delete(key: string): Promise<void>;
	/** Removes what unfinished puts have left that nobody has continued since then. */
	sweep(before: Date): Promise<void>;
	/** Throws unless the store can write, read and delete. */
	check(signal?: AbortSignal): Promise<void>;
}
