import { crc32 } from "node:zlib";
import { StoreError } from "../store-error.ts";
import type { S3Bucket } from "./s3-bucket.ts";

export interface UploadedPart {
	readonly number: number;
	readonly bytes: number;
	readonly etag: string;
	readonly modifiedAt: Date;
	/** As the bucket confirmed it; undefined if it keeps none. */
	readonly crc32: string | undefined;
}

/** An unfinished multipart upload. */
export interface PendingUpload {
	/** The key without the store's prefix. */
	readonly key: string;
	readonly uploadId: string;
	readonly startedAt: Date;
}

/** S3 takes no smaller part, except as the last one, and at most 10,000 of them. */
const PART_MIN_BYTES = 8 * 1024 ** 2;
const PART_OF_UNKNOWN_BYTES = 16 * 1024 ** 2;
const PARTS_AIMED_AT = 9_000;

/** All parts of an upload have the same size, except the last: some services insist on that. */
export function partBytesFor(bytes: number | undefined): number {
	if (bytes === undefined) return PART_OF_UNKNOWN_BYTES;
	const mib = 1024 ** 2;
	return Math.max(PART_MIN_BYTES, Math.ceil(bytes / PARTS_AIMED_AT / mib) * mib);
}

export async function beginUpload(bucket: S3Bucket, key: string): Promise<string> {
	const { CreateMultipartUploadCommand } = bucket.sdk;
	const { UploadId } = await bucket.send((client, options) =>
		client.send(
			new CreateMultipartUploadCommand({ ...bucket.at(key), ChecksumAlgorithm: "CRC32" }),
			options,
		),
	);
	if (UploadId === undefined) throw new Error(`${bucket.place} began an upload without an id`);
	return UploadId;
}

/** Uploads one part. Throws `damaged` if the bucket confirms another checksum than that of what was sent. */
export async function uploadPart(
	bucket: S3Bucket,
	upload: { key: string; uploadId: string; number: number },
	body: Buffer,
	signal?: AbortSignal,
): Promise<UploadedPart> {
	const { key, uploadId, number } = upload;
	const { UploadPartCommand } = bucket.sdk;
	const ChecksumCRC32 = checksumOf(body);
	const answer = await bucket.send(
		(client, options) =>
			client.send(
				new UploadPartCommand({
					...{ ...bucket.at(key), UploadId: uploadId, PartNumber: number },
					...{ Body: body, ContentLength: body.length, ChecksumCRC32 },
				}),
				options,
			),
		signal,
	);
	requireConfirmed(bucket, ChecksumCRC32, answer.ChecksumCRC32);
	return {
		...{ number, bytes: body.length, etag: answer.ETag ?? "", modifiedAt: new Date() },
		crc32: answer.ChecksumCRC32,
	};
}

export async function completeUpload(
	bucket: S3Bucket,
	{ key, uploadId }: { key: string; uploadId: string },
	parts: readonly UploadedPart[],
): Promise<void> {
	const { CompleteMultipartUploadCommand } = bucket.sdk;
	const Parts = parts.map(({ number, etag, crc32 }) => ({
		...{ PartNumber: number, ETag: etag },
		...(crc32 !== undefined && { ChecksumCRC32: crc32 }),
	}));
	await bucket.send((client, options) =>
		client.send(
			new CompleteMultipartUploadCommand({
				...{ ...bucket.at(key), UploadId: uploadId, MultipartUpload: { Parts } },
			}),
			options,
		),
	);
}

/** An upload that is gone already is fine. */
export async function abortUpload(
	bucket: S3Bucket,
	{ key, uploadId }: { key: string; uploadId: string },
): Promise<void> {
	const { AbortMultipartUploadCommand } = bucket.sdk;
	try {
		await bucket.send((client, options) =>
			client.send(
				new AbortMultipartUploadCommand({ ...bucket.at(key), UploadId: uploadId }),
				options,
			),
		);
	} catch (error) {
		if (error instanceof StoreError && ["conflict", "missing"].includes(error.fault)) return;
		throw error;
	}
}

/** The store's unfinished uploads whose keys begin with `start`, newest first. */
export async function listUploads(bucket: S3Bucket, start: string): Promise<PendingUpload[]> {
	const { ListMultipartUploadsCommand } = bucket.sdk;
	const { Bucket, Key: Prefix } = bucket.at(start);
	const found: PendingUpload[] = [];
	let marker: { KeyMarker?: string; UploadIdMarker?: string } = {};
	for (;;) {
		const page = await bucket.send((client, options) =>
			client.send(new ListMultipartUploadsCommand({ Bucket, Prefix, ...marker }), options),
		);
		for (const { Key = "", UploadId, Initiated } of page.Uploads ?? []) {
			if (UploadId === undefined) continue;
			found.push({
				key: Key.slice(bucket.settings.prefix.length),
				...{ uploadId: UploadId, startedAt: Initiated ?? new Date(0) },
			});
		}
		const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page;
		if (IsTruncated !== true || NextKeyMarker === undefined) break;
		marker = {
			KeyMarker: NextKeyMarker,
			...(NextUploadIdMarker !== undefined && { UploadIdMarker: NextUploadIdMarker }),
		};
	}
	return found.sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
}

/** The upload's parts from the first one to the first gap. */
export async function listParts(
	bucket: S3Bucket,
	{ key, uploadId }: { key: string; uploadId: string },
): Promise<UploadedPart[]> {
	const { ListPartsCommand } = bucket.sdk;
	const found: UploadedPart[] = [];
	let PartNumberMarker: string | undefined;
	for (;;) {
		const page = await bucket.send((client, options) =>
			client.send(
				new ListPartsCommand({
					...{ ...bucket.at(key), UploadId: uploadId },
					...(PartNumberMarker !== undefined && { PartNumberMarker }),
				}),
				options,
			),
		);
		for (const part of page.Parts ?? []) {
			found.push({
				...{ number: part.PartNumber ?? 0, bytes: part.Size ?? 0, etag: part.ETag ?? "" },
				...{ modifiedAt: part.LastModified ?? new Date(0), crc32: part.ChecksumCRC32 },
			});
		}
		PartNumberMarker = page.NextPartNumberMarker;
		if (page.IsTruncated !== true || PartNumberMarker === undefined) break;
	}
	found.sort((a, b) => a.number - b.number);
	const gap = found.findIndex(({ number }, index) => number !== index + 1);
	return gap === -1 ? found : found.slice(0, gap);
}

export function checksumOf(body: Buffer): string {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(crc32(body));
	return bytes.toString("base64");
}

/** A service that confirms no checksum has at least checked the request's signature, which covers the content. */
export function requireConfirmed(
	bucket: S3Bucket,
	sent: string,
	confirmed: string | undefined,
): void {
	if (confirmed === undefined || confirmed === sent) return;
	throw new StoreError(
		"damaged",
		`${bucket.place} confirmed another checksum than that of what Larder sent. Check the storage service before you rely on it.`,
	);
}
