import { randomBytes } from "node:crypto";
import type { Endpoint } from "../../server/contract/cache-view.ts";
import { MIB } from "../../server/contract/limits.ts";
import { connectTo } from "../fixtures/write-paths.ts";

const VALUE_BYTES = 64 * 1024;
const BATCH_BYTES = 32 * MIB;
const TIMEOUT_MS = 60_000;

/** Writes this many bytes to a primary, no faster than its replicas can follow. */
export async function fillCache(
	primary: Endpoint,
	options: { tag: string; bytes: number; replicas: number; password: string | null },
): Promise<void> {
	const client = await connectTo(primary, options.password, TIMEOUT_MS);
	try {
		const value = randomBytes(VALUE_BYTES);
		const keys = Math.ceil(options.bytes / VALUE_BYTES);
		const batch = BATCH_BYTES / VALUE_BYTES;
		for (let first = 0; first < keys; first += batch) {
			const pipeline = client.pipeline();
			for (let key = first; key < Math.min(keys, first + batch); key += 1) {
				pipeline.set(`{${options.tag}}:fill:${key}`, value);
			}
			for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
			const reached = await client.wait(options.replicas, TIMEOUT_MS - 5_000);
			if (reached < options.replicas) throw new Error("the replicas can't keep up with the writes");
		}
	} finally {
		client.disconnect();
	}
}
