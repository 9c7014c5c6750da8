import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { checkStore } from "../check-store.ts";
import { checkedContent, otherOffset } from "../checked-content.ts";
import { DirectoryStore } from "../directory-store.ts";
import type {
	ByteRange,
	PutOptions,
	SnapshotStore,
	StoredContent,
	StoredObject,
} from "../store.ts";
import { StoreError } from "../store-error.ts";
import { HEADER_BYTES_MAX, NONCE_BYTES, openHeader, sealHeader } from "./age-header.ts";
import {
	CHUNK_BYTES,
	contentBytes,
	openPayload,
	payloadKey,
	SEALED_CHUNK_BYTES,
	sealedBytes,
	sealPayload,
} from "./age-payload.ts";

/** So that `age --decrypt` and people know what the files are. */
const SUFFIX = ".age";

/**
 * Encrypts what goes into another store. Objects are age files: any age program opens them with the identity. A put that
 * broke off begins again, because only its own process knows its key.
 */
export class EncryptedStore implements SnapshotStore {
	private readonly inner: SnapshotStore;
	private readonly identity: string;

	constructor(inner: SnapshotStore, identity: string) {
		this.inner = inner;
		this.identity = identity;
	}

	async put(
		key: string,
		source: AsyncIterable<Uint8Array>,
		options: PutOptions = {},
	): Promise<StoredContent> {
		const { offset = 0, bytes, verify, signal } = options;
		if (offset !== 0) throw otherOffset(0);
		const { header, fileKey } = await sealHeader(this.identity);
		const nonce = randomBytes(NONCE_BYTES);
		const hash = createHash("sha256");
		let received = 0;
		const content = checkedContent(source, hash, {
			...options,
			onProgress(progress) {
				received = progress;
				options.onProgress?.(progress);
			},
		});
		let result: StoredContent | undefined;
		await this.inner.put(
			key + SUFFIX,
			file([header, nonce], sealPayload(payloadKey(fileKey, nonce), content)),
			{
				...(signal !== undefined && { signal }),
				...(bytes !== undefined && { bytes: header.length + NONCE_BYTES + sealedBytes(bytes) }),
				verify() {
					result = { bytes: received, sha256: hash.digest("hex") };
					verify?.(result);
				},
			},
		);
		if (result === undefined) throw new Error("a store didn't verify what it stored");
		return result;
	}

	async received(_key: string): Promise<number> {
		return 0;
	}

	async get(
		key: string,
		range: ByteRange = {},
		signal?: AbortSignal,
	): Promise<{ totalBytes: number; content: Readable }> {
		const sealed = await this.openObject(key, signal);
		const { totalBytes, payloadAt } = sealed;
		const { start = 0, end = totalBytes } = range;
		const to = Math.min(end, totalBytes);
		if (start >= to && totalBytes > 0) return { totalBytes, content: Readable.from([]) };
		const first = Math.floor(start / CHUNK_BYTES);
		const last = Math.max(0, Math.ceil(totalBytes / CHUNK_BYTES) - 1);
		const needed = {
			start: payloadAt + first * SEALED_CHUNK_BYTES,
			// Whole chunks: each is authenticated as a whole.
			end: payloadAt + Math.max(1, Math.ceil(to / CHUNK_BYTES)) * SEALED_CHUNK_BYTES,
		};
		const found = await this.inner.get(key + SUFFIX, needed, signal);
		const opened = openPayload(sealed.key, found.content, { first, last });
		const skipped = start - first * CHUNK_BYTES;
		return { totalBytes, content: Readable.from(cut(opened, skipped, to - start)) };
	}

	async stat(key: string): Promise<{ bytes: number; modifiedAt: Date } | null> {
		const found = await this.inner.stat(key + SUFFIX);
		if (found === null) return null;
		return { bytes: (await this.openObject(key)).totalBytes, modifiedAt: found.modifiedAt };
	}

	/** With the sizes that the objects have in the other store. */
	async *list(prefix: string): AsyncGenerator<StoredObject> {
		for await (const object of this.inner.list(prefix)) {
			if (!object.key.endsWith(SUFFIX)) continue;
			yield { ...object, key: object.key.slice(0, -SUFFIX.length) };
		}
	}

	async copy(from: string, to: string, verify?: PutOptions["verify"]): Promise<void> {
		await this.inner.copy(from + SUFFIX, to + SUFFIX);
		if (verify === undefined || !(this.inner instanceof DirectoryStore)) return;
		try {
			verify(await this.read(to));
		} catch (error) {
			await this.delete(to);
			throw error;
		}
	}

	private async read(key: string): Promise<StoredContent> {
		const hash = createHash("sha256");
		let bytes = 0;
		const { content } = await this.get(key);
		for await (const chunk of content) {
			hash.update(chunk);
			bytes += chunk.length;
		}
		return { bytes, sha256: hash.digest("hex") };
	}

	async delete(key: string): Promise<void> {
		await this.inner.delete(key + SUFFIX);
	}

	async sweep(before: Date): Promise<void> {
		await this.inner.sweep(before);
	}

	async check(signal?: AbortSignal): Promise<void> {
		await checkStore(this, signal);
	}

	private async openObject(key: string, signal?: AbortSignal) {
		const range = { start: 0, end: HEADER_BYTES_MAX };
		const beginning = await this.inner.get(key + SUFFIX, range, signal);
		const { headerBytes, nonce, fileKey } = await openHeader(
			this.identity,
			await buffer(beginning.content),
		);
		const payloadAt = headerBytes + NONCE_BYTES;
		const totalBytes = contentBytes(beginning.totalBytes - payloadAt);
		if (totalBytes === null) {
			throw new StoreError("damaged", "The store's object was cut off. Use another copy.");
		}
		return { totalBytes, payloadAt, key: payloadKey(fileKey, nonce) };
	}
}

async function* file(
	beginning: readonly Uint8Array[],
	payload: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
	yield* beginning;
	yield* payload;
}

async function* cut(
	chunks: AsyncIterable<Buffer>,
	skipped: number,
	bytes: number,
): AsyncGenerator<Buffer> {
	let [skip, left] = [skipped, bytes];
	for await (const chunk of chunks) {
		const piece = chunk.subarray(skip, skip + left);
		skip = Math.max(0, skip - chunk.length);
		left -= piece.length;
		yield piece;
	}
}
