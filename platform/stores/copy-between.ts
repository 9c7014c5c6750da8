import type { PutOptions, SnapshotStore, StoredContent } from "./store.ts";

/** An object's place. */
export interface Place {
	readonly store: SnapshotStore;
	readonly key: string;
}

/** Copies an object from one store into another, through this process. Throws what either store throws. */
export async function copyBetween(
	from: Place,
	to: Place,
	{ bytes, verify }: Pick<PutOptions, "bytes" | "verify"> = {},
): Promise<StoredContent> {
	const { content, totalBytes } = await from.store.get(from.key);
	try {
		const options = { bytes: bytes ?? totalBytes, ...(verify && { verify }) };
		return await to.store.put(to.key, content, options);
	} finally {
		// A put that fails before it begins to read leaves the file or the connection open.
		content.destroy();
	}
}
