import { createHash, type Hash } from "node:crypto";
import { Readable } from "node:stream";
import { checkStore } from "../check-store.ts";
import { checkedContent, missing, otherOffset } from "../checked-content.ts";
import { requireObjectKey, requirePrefix } from "../object-key.ts";
import type {
	ByteRange,
	PutOptions,
	SnapshotStore,
	StoredContent,
	StoredObject,
} from "../store.ts";
import { StoreError } from "../store-error.ts";
import { copyObject } from "./copy-object.ts";
import { inParts } from "./in-parts.ts";
import {
	abortUpload,
	beginUpload,
	checksumOf,
	completeUpload,
	listParts,
	listUploads,
	partBytesFor,
	requireConfirmed,
	type UploadedPart,
	uploadPart,
} from "./multipart.ts";
import type { S3Bucket } from "./s3-bucket.ts";
import { asS3Failure } from "./s3-errors.ts";

const PARTS_AT_ONCE = 3;

interface Upload {
	readonly key: string;
	readonly uploadId: string;
	readonly parts: readonly UploadedPart[];
}

/** A store in an S3 bucket. The bucket itself remembers what an unfinished put has sent, as a multipart upload. */
export class S3Store implements SnapshotStore {
	private readonly bucket: S3Bucket;

	constructor(bucket: S3Bucket) {
		this.bucket = bucket;
	}

	async put(
		key: string,
		source: AsyncIterable<Uint8Array>,
		options: PutOptions = {},
	): Promise<StoredContent> {
		requireObjectKey(key);
		const { offset = 0, bytes } = options;
		const hash = createHash("sha256");
		const content = checkedContent(source, hash, options);
		if (offset > 0) {
			const upload = await this.findUpload(key);
			const received = receivedBy(upload);
			if (upload === null || received !== offset) throw otherOffset(received);
			const parts = inParts(content, upload.parts[0]?.bytes ?? partBytesFor(bytes));
			return await this.putParts(upload, parts, null, options);
		}
		await this.abortUploads(key);
		const partBytes = partBytesFor(bytes);
		const parts = inParts(content, partBytes);
		const first = await parts.next();
		if (first.done || first.value.length < partBytes) {
			return await this.putWhole(key, first.done ? Buffer.alloc(0) : first.value, hash, options);
		}
		const uploadId = await beginUpload(this.bucket, key);
		const rest = startingWith(first.value, parts);
		return await this.putParts({ key, uploadId, parts: [] }, rest, hash, options);
	}

	async received(key: string): Promise<number> {
		requireObjectKey(key);
		return receivedBy(await this.findUpload(key));
	}

	async get(
		key: string,
		range: ByteRange = {},
		signal?: AbortSignal,
	): Promise<{ totalBytes: number; content: Readable }> {
		requireObjectKey(key);
		const { start = 0, end } = range;
		// S3 refuses to return no bytes.
		if (start > 0 || end !== undefined) {
			const found = await this.stat(key);
			if (found === null) throw missing(key);
			if (start >= Math.min(found.bytes, end ?? found.bytes)) {
				return { totalBytes: found.bytes, content: Readable.from([]) };
			}
		}
		const { GetObjectCommand } = this.bucket.sdk;
		const isWhole = start === 0 && end === undefined;
		const Range = isWhole ? undefined : `bytes=${start}-${end === undefined ? "" : end - 1}`;
		const answer = await this.bucket.send(
			(client, options) =>
				client.send(
					new GetObjectCommand({ ...this.bucket.at(key), ...(Range !== undefined && { Range }) }),
					options,
				),
			signal,
		);
		const total = /\/(\d+)$/.exec(answer.ContentRange ?? "")?.[1] ?? answer.ContentLength;
		const body = answer.Body as Readable | undefined;
		if (body === undefined) throw missing(key);
		return { totalBytes: Number(total), content: Readable.from(this.reading(body)) };
	}

	async stat(key: string): Promise<{ bytes: number; modifiedAt: Date } | null> {
		requireObjectKey(key);
		const { HeadObjectCommand } = this.bucket.sdk;
		try {
			const { ContentLength = 0, LastModified = new Date(0) } = await this.bucket.send(
				(client, options) => client.send(new HeadObjectCommand(this.bucket.at(key)), options),
			);
			return { bytes: ContentLength, modifiedAt: LastModified };
		} catch (error) {
			if (error instanceof StoreError && error.fault === "missing") return null;
			throw error;
		}
	}

	async *list(prefix: string): AsyncGenerator<StoredObject> {
		requirePrefix(prefix);
		const { ListObjectsV2Command } = this.bucket.sdk;
		const { Bucket, Key: Prefix } = this.bucket.at(prefix);
		let ContinuationToken: string | undefined;
		do {
			const page = await this.bucket.send((client, options) =>
				client.send(
					new ListObjectsV2Command({
						...{ Bucket, Prefix },
						...(ContinuationToken !== undefined && { ContinuationToken }),
					}),
					options,
				),
			);
			for (const { Key = "", Size = 0, LastModified = new Date(0) } of page.Contents ?? []) {
				const key = Key.slice(this.bucket.settings.prefix.length);
				yield { key, bytes: Size, modifiedAt: LastModified };
			}
			ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
		} while (ContinuationToken !== undefined);
	}

	async copy(from: string, to: string): Promise<void> {
		requireObjectKey(to);
		const found = await this.stat(from);
		if (found === null) throw missing(from);
		await copyObject(this.bucket, from, to, found.bytes);
	}

	async delete(key: string): Promise<void> {
		requireObjectKey(key);
		await this.abortUploads(key);
		const { DeleteObjectCommand } = this.bucket.sdk;
		await this.bucket.send((client, options) =>
			client.send(new DeleteObjectCommand(this.bucket.at(key)), options),
		);
	}

	async sweep(before: Date): Promise<void> {
		for (const upload of await listUploads(this.bucket, "")) {
			if (upload.startedAt >= before) continue;
			const parts = await listParts(this.bucket, upload);
			if (parts.some(({ modifiedAt }) => modifiedAt >= before)) continue;
			await abortUpload(this.bucket, upload);
		}
	}

	async check(signal?: AbortSignal): Promise<void> {
		await checkStore(this, signal);
	}

	private async putWhole(
		key: string,
		body: Buffer,
		hash: Hash,
		{ verify, signal }: PutOptions,
	): Promise<StoredContent> {
		const content = { bytes: body.length, sha256: hash.digest("hex") };
		verify?.(content);
		const { PutObjectCommand } = this.bucket.sdk;
		const ChecksumCRC32 = checksumOf(body);
		const answer = await this.bucket.send(
			(client, options) =>
				client.send(
					new PutObjectCommand({
						...{ ...this.bucket.at(key), Body: body, ContentLength: body.length, ChecksumCRC32 },
					}),
					options,
				),
			signal,
		);
		try {
			requireConfirmed(this.bucket, ChecksumCRC32, answer.ChecksumCRC32);
		} catch (error) {
			await this.delete(key);
			throw error;
		}
		return content;
	}

	/** `hash` covers the whole content; null if an earlier put has sent a part of it. */
	private async putParts(
		upload: Upload,
		bodies: AsyncIterable<Buffer>,
		hash: Hash | null,
		{ verify, signal }: PutOptions,
	): Promise<StoredContent> {
		let isRefused = false;
		try {
			const parts = await this.sendParts(upload, bodies, signal);
			const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
			if (hash === null) {
				await completeUpload(this.bucket, upload, parts);
				return await this.readBack(upload.key, verify);
			}
			const content = { bytes, sha256: hash.digest("hex") };
			isRefused = true;
			verify?.(content);
			isRefused = false;
			await completeUpload(this.bucket, upload, parts);
			return content;
		} catch (error) {
			isRefused ||= error instanceof StoreError && error.fault === "damaged";
			if (isRefused) await abortUpload(this.bucket, upload);
			throw error;
		}
	}

	/** Several at a time. What is on its way when one fails, or when the content breaks off, still arrives. */
	private async sendParts(
		upload: Upload,
		bodies: AsyncIterable<Buffer>,
		signal?: AbortSignal,
	): Promise<UploadedPart[]> {
		const parts = [...upload.parts];
		const running = new Set<Promise<void>>();
		// A part may fail while the next body is awaited, when nobody waits for the part.
		const failures: unknown[] = [];
		let number = parts.length;
		try {
			for await (const body of bodies) {
				if (failures.length > 0) break;
				number += 1;
				const sending = uploadPart(this.bucket, { ...upload, number }, body, signal)
					.then(
						(part) => void parts.push(part),
						(error: unknown) => void failures.push(error),
					)
					.finally(() => running.delete(sending));
				running.add(sending);
				if (running.size >= PARTS_AT_ONCE) await Promise.race(running);
			}
		} finally {
			await Promise.all(running);
		}
		if (failures.length > 0) throw failures[0];
		return parts.sort((a, b) => a.number - b.number);
	}

	/** Parts of an earlier put passed through another process, so only the object itself can say what arrived. */
	private async readBack(key: string, verify: PutOptions["verify"]): Promise<StoredContent> {
		const hash = createHash("sha256");
		let bytes = 0;
		for await (const chunk of (await this.get(key)).content) {
			hash.update(chunk);
			bytes += chunk.length;
		}
		const content = { bytes, sha256: hash.digest("hex") };
		try {
			verify?.(content);
		} catch (error) {
			await this.delete(key);
			throw error;
		}
		return content;
	}

	private async findUpload(key: string): Promise<Upload | null> {
		const newest = (await listUploads(this.bucket, key)).find((upload) => upload.key === key);
		if (newest === undefined) return null;
		return { ...newest, parts: await listParts(this.bucket, newest) };
	}

	private async abortUploads(key: string): Promise<void> {
		for (const upload of await listUploads(this.bucket, key)) {
			if (upload.key === key) await abortUpload(this.bucket, upload);
		}
	}

	private async *reading(body: Readable): AsyncGenerator<Uint8Array> {
		try {
			yield* body;
		} catch (error) {
			throw asS3Failure(error, this.bucket.place);
		}
	}
}

function receivedBy(upload: Upload | null): number {
	return upload?.parts.reduce((sum, { bytes }) => sum + bytes, 0) ?? 0;
}

async function* startingWith(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
	yield first;
	yield* rest;
}
