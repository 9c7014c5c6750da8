import { SNAPSHOT_KINDS, SNAPSHOT_STATUSES } from "../../../server/contract/choices.ts";
import { oneOf } from "../../_lib/one-of.ts";
import { pageInput } from "../../_lib/search-params.ts";

const PAGE_SIZE = 25;
/** On a cache's own page, which leads to the list of all for more. */
const OF_CACHE_SHOWN = 25;

/** What the list's address asks the API for. */
export function snapshotListInput(params: URLSearchParams) {
	const search = params.get("search")?.slice(0, 100);
	const cache = params.get("cache");
	const store = params.get("store");
	const status = oneOf(SNAPSHOT_STATUSES, params.get("status"));
	const kind = oneOf(SNAPSHOT_KINDS, params.get("kind"));
	return {
		...pageInput(params, PAGE_SIZE),
		...(search ? { search } : {}),
		...(cache ? { cache } : {}),
		...(store ? { store } : {}),
		...(status ? { status } : {}),
		...(kind ? { kind } : {}),
	};
}

/** The newest snapshots of a cache. */
export function cacheSnapshotsInput(cache: string) {
	return { limit: OF_CACHE_SHOWN, cache };
}
