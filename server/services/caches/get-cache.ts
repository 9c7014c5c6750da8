import type { Cache } from "../../contract/index.ts";
import { toCacheView } from "../../data/cache-mapping.ts";
import type { Resources } from "../context.ts";
import { findCache } from "./find-cache.ts";

export async function getCache({ db, fleet }: Resources, input: { name: string }): Promise<Cache> {
	return toCacheView(await findCache(db, input.name), fleet);
}
