import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import type { SnapshotStore } from "./store.ts";
import { StoreError } from "./store-error.ts";

/** Writes, reads, compares and deletes a small object. */
export async function checkStore(store: SnapshotStore, signal?: AbortSignal): Promise<void> {
	const key = `check/${randomBytes(8).toString("hex")}`;
	const written = randomBytes(4_096);
	const options = signal === undefined ? {} : { signal };
	await store.put(key, oneChunk(written), { ...options, bytes: written.length });
	try {
		const { content } = await store.get(key, {}, signal);
		if (written.equals(await buffer(content))) return;
		throw new StoreError(
			"damaged",
			"What the store returned isn't what Larder had written. Check the store's own health.",
		);
	} finally {
		await store.delete(key);
	}
}

async function* oneChunk(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
	yield chunk;
}
