import type { Cache } from "../../contract/index.ts";
import { toCacheView } from "../../data/cache-view.ts";
import type { Resources } from "../context.ts";
import { findCache } from "./find-cache.ts";

export async function getCache(resources: Resources, input: { name: string }): Promise<Cache> {
	return toCacheView(await findCache(resources.db, input.name), resources);
}
