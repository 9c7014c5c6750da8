import type { z } from "zod";
import { mayDo } from "../../contract/access.ts";
import type { ListObjectsInput, storeObjectsSchema } from "../../contract/store.ts";
import type { Caller, Resources } from "../context.ts";
import { requireStore } from "./require-store.ts";
import { storeFailure } from "./store-failure.ts";

/** What Larder itself puts into stores: its rows say so much already. */
const OWN = ["control-plane/", "snapshots/"] as const;

/**
 * The names of what is in a store, in their order. A bucket may hold files of others, so only who may import them sees
 * their names.
 */
export async function listObjects(
	{ db, stores }: Resources,
	{ access }: Pick<Caller, "access">,
	{ name, prefix, suffix, limit }: ListObjectsInput,
): Promise<z.infer<typeof storeObjectsSchema>> {
	const { id } = await requireStore(db, name);
	const items = [];
	try {
		const store = await stores.open(id);
		const prefixes = mayDo(access, "snapshot:manage") ? [prefix] : ownBelow(prefix);
		for (const each of prefixes) {
			for await (const { key, bytes, modifiedAt } of store.list(each)) {
				if (!key.endsWith(suffix)) continue;
				if (items.length === limit) return { items, isWhole: false };
				items.push({ key, bytes, modifiedAt: modifiedAt.toISOString() });
			}
		}
	} catch (error) {
		throw storeFailure(error);
	}
	return { items, isWhole: true };
}

function ownBelow(prefix: string): string[] {
	return OWN.flatMap((own) => {
		if (own.startsWith(prefix)) return [own];
		return prefix.startsWith(own) ? [prefix] : [];
	});
}
