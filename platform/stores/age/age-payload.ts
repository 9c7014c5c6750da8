import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import { StoreError } from "../store-error.ts";

/**
 * The payload of an age file (https://age-encryption.org/v1): chunks of 64 KiB, each encrypted and authenticated by
 * ChaCha20-Poly1305 with its number and whether it is the last one, so that none can be changed, moved or left out.
 */
export const CHUNK_BYTES = 64 * 1024;
const TAG_BYTES = 16;
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
const CIPHER = "chacha20-poly1305";
const OPTIONS = { authTagLength: TAG_BYTES };

export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Buffer {
	return Buffer.from(hkdfSync("sha256", fileKey, nonce, "payload", 32));
}

/** The size of a payload with so much content. Empty content has one chunk as well. */
export function sealedBytes(bytes: number): number {
	return bytes + Math.max(1, Math.ceil(bytes / CHUNK_BYTES)) * TAG_BYTES;
}

/** The size of the content of a payload; null if no payload has this size. */
export function contentBytes(sealed: number): number | null {
	const chunks = Math.ceil(sealed / SEALED_CHUNK_BYTES);
	const bytes = sealed - chunks * TAG_BYTES;
	return bytes >= 0 && sealedBytes(bytes) === sealed ? bytes : null;
}

export async function* sealPayload(
	key: Buffer,
	content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
	let index = 0;
	let held: Uint8Array[] = [];
	let bytes = 0;
	// A full chunk may be the last one, so it waits for the next byte.
	for await (const piece of content) {
		for (let at = 0; at < piece.length; ) {
			if (bytes === CHUNK_BYTES) {
				yield seal(key, index++, false, Buffer.concat(held));
				held = [];
				bytes = 0;
			}
			const taken = piece.subarray(at, at + CHUNK_BYTES - bytes);
			held.push(taken);
			bytes += taken.length;
			at += taken.length;
		}
	}
	yield seal(key, index, true, Buffer.concat(held));
}

/** Opens whole chunks from number `first` on, of a payload whose last chunk has number `last`. */
export async function* openPayload(
	key: Buffer,
	sealed: AsyncIterable<Uint8Array>,
	{ first, last }: { first: number; last: number },
): AsyncGenerator<Buffer> {
	let index = first;
	let held = Buffer.alloc(0);
	for await (const piece of sealed) {
		held = held.length === 0 ? Buffer.from(piece) : Buffer.concat([held, piece]);
		while (held.length >= SEALED_CHUNK_BYTES) {
			yield open(key, index, index === last, held.subarray(0, SEALED_CHUNK_BYTES));
			held = held.subarray(SEALED_CHUNK_BYTES);
			index += 1;
		}
	}
	if (held.length > 0) yield open(key, index, index === last, held);
}

function nonceOf(index: number, isLast: boolean): Buffer {
	const nonce = Buffer.alloc(12);
	nonce.writeUIntBE(index, 5, 6);
	nonce[11] = isLast ? 1 : 0;
	return nonce;
}

function seal(key: Buffer, index: number, isLast: boolean, chunk: Buffer): Buffer {
	const cipher = createCipheriv(CIPHER, key, nonceOf(index, isLast), OPTIONS);
	return Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Buffer, index: number, isLast: boolean, sealed: Buffer): Buffer {
	const end = sealed.length - TAG_BYTES;
	try {
		const decipher = createDecipheriv(CIPHER, key, nonceOf(index, isLast), OPTIONS);
		decipher.setAuthTag(sealed.subarray(Math.max(0, end)));
		return Buffer.concat([decipher.update(sealed.subarray(0, Math.max(0, end))), decipher.final()]);
	} catch (cause) {
		throw new StoreError(
			"damaged",
			"The store's object was changed or cut off: it doesn't pass its authentication. Use another copy.",
			{ cause },
		);
	}
}
