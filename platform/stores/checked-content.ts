import type { Hash } from "node:crypto";
import type { PutOptions } from "./store.ts";
import { StoreError } from "./store-error.ts";

/**
 * The chunks of a put, counted as they pass and added to the hash, if there is one. Throws if they are more or fewer bytes than was announced, and once
 * the put is aborted.
 */
export async function* checkedContent(
	source: AsyncIterable<Uint8Array>,
	hash: Hash | null,
	{ offset = 0, bytes, onProgress, signal }: PutOptions,
): AsyncGenerator<Uint8Array> {
	let position = offset;
	for await (const chunk of source) {
		signal?.throwIfAborted();
		position += chunk.length;
		if (bytes !== undefined && position > bytes) {
			throw new StoreError("damaged", `The content is longer than the ${bytes} bytes announced.`);
		}
		hash?.update(chunk);
		yield chunk;
		onProgress?.(position);
	}
	signal?.throwIfAborted();
	if (bytes === undefined || position === bytes) return;
	throw new StoreError(
		"incomplete",
		`The content ended after ${position} of ${bytes} bytes. Continue from there.`,
	);
}

export function missing(key: string): StoreError {
	return new StoreError(
		"missing",
		`The store has no object ${key}. It may have been deleted in the store itself.`,
	);
}

export function otherOffset(received: number): StoreError {
	return new StoreError("conflict", `The store holds ${received} bytes. Continue from there.`, {
		received,
	});
}
