import type { z } from "zod";
import type { ListObjectsInput, storeObjectsSchema } from "../../contract/store.ts";
import type { Resources } from "../context.ts";
import { requireStore } from "./require-store.ts";
import { storeFailure } from "./store-failure.ts";

/** The names of what is in a store, in their order. */
export async function listObjects(
	{ db, stores }: Resources,
	{ name, prefix, suffix, limit }: ListObjectsInput,
): Promise<z.infer<typeof storeObjectsSchema>> {
	const { id } = await requireStore(db, name);
	const items = [];
	try {
		const store = await stores.open(id);
		for await (const { key, bytes, modifiedAt } of store.list(prefix)) {
			if (!key.endsWith(suffix)) continue;
			if (items.length === limit) return { items, isWhole: false };
			items.push({ key, bytes, modifiedAt: modifiedAt.toISOString() });
		}
	} catch (error) {
		throw storeFailure(error);
	}
	return { items, isWhole: true };
}
