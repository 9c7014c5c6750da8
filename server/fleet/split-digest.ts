import { DIGEST_BYTES } from "../../platform/transfers/transfer-link.ts";

/**
 * Separates a put's body into the content and the digest at its end. `digest` returns it in hexadecimal after all content
 * has been read.
 */
export function splitDigest(body: AsyncIterable<Uint8Array>): {
	content: AsyncGenerator<Uint8Array>;
	digest: () => string;
} {
	let tail = Buffer.alloc(0);
	async function* content(): AsyncGenerator<Uint8Array> {
		for await (const chunk of body) {
			// Only the newest chunk is copied, and only if it may be part of the digest.
			if (chunk.length >= DIGEST_BYTES) {
				if (tail.length > 0) yield tail;
				const end = chunk.length - DIGEST_BYTES;
				tail = Buffer.from(chunk.subarray(end));
				if (end > 0) yield chunk.subarray(0, end);
				continue;
			}
			const joined = Buffer.concat([tail, chunk]);
			const end = Math.max(0, joined.length - DIGEST_BYTES);
			tail = joined.subarray(end);
			if (end > 0) yield joined.subarray(0, end);
		}
	}
	return { content: content(), digest: () => tail.toString("hex") };
}
