import { abortUpload, beginUpload, completeUpload, type UploadedPart } from "./multipart.ts";
import type { S3Bucket } from "./s3-bucket.ts";

/** S3 copies no more at once. */
const COPIED_AT_ONCE_MAX = 5 * 1024 ** 3;
const PART_BYTES = 1024 ** 3;

/** Copies an object of `bytes` within the bucket, by the bucket itself. */
export async function copyObject(
	bucket: S3Bucket,
	from: string,
	to: string,
	bytes: number,
): Promise<void> {
	const { Bucket, Key } = bucket.at(from);
	const CopySource = `${Bucket}/${Key.split("/").map(encodeURIComponent).join("/")}`;
	if (bytes <= COPIED_AT_ONCE_MAX) {
		const { CopyObjectCommand } = bucket.sdk;
		await bucket.send((client, options) =>
			client.send(new CopyObjectCommand({ ...bucket.at(to), CopySource }), options),
		);
		return;
	}
	const uploadId = await beginUpload(bucket, to);
	try {
		const parts: UploadedPart[] = [];
		for (let start = 0; start < bytes; start += PART_BYTES) {
			const end = Math.min(bytes, start + PART_BYTES);
			const part = { uploadId, number: parts.length + 1, start, end };
			parts.push(await copyPart(bucket, to, CopySource, part));
		}
		await completeUpload(bucket, { key: to, uploadId }, parts);
	} catch (error) {
		await abortUpload(bucket, { key: to, uploadId });
		throw error;
	}
}

async function copyPart(
	bucket: S3Bucket,
	to: string,
	CopySource: string,
	part: { uploadId: string; number: number; start: number; end: number },
): Promise<UploadedPart> {
	const { UploadPartCopyCommand } = bucket.sdk;
	const { uploadId, number, start, end } = part;
	const { CopyPartResult } = await bucket.send((client, options) =>
		client.send(
			new UploadPartCopyCommand({
				...{ ...bucket.at(to), CopySource, UploadId: uploadId, PartNumber: number },
				CopySourceRange: `bytes=${start}-${end - 1}`,
			}),
			options,
		),
	);
	return {
		...{ number, bytes: end - start, etag: CopyPartResult?.ETag ?? "" },
		...{ modifiedAt: new Date(), crc32: CopyPartResult?.ChecksumCRC32 },
	};
}
