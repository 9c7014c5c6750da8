import {
	CACHE_KINDS,
	CACHE_SORTS,
	CACHE_STATUSES,
	ENGINES,
} from "../../../server/contract/choices.ts";
import { oneOf } from "../../_lib/one-of.ts";
import { pageInput } from "../../_lib/search-params.ts";

const PAGE_SIZE = 25;

/** What the list's address asks the API for. */
export function cacheListInput(params: URLSearchParams) {
	const search = params.get("search")?.slice(0, 100);
	const status = oneOf(CACHE_STATUSES, params.get("status"));
	const kind = oneOf(CACHE_KINDS, params.get("kind"));
	const engine = oneOf(ENGINES, params.get("engine"));
	const sort = oneOf(CACHE_SORTS, params.get("sort"));
	return {
		...pageInput(params, PAGE_SIZE),
		...(search ? { search } : {}),
		...(status ? { status } : {}),
		...(kind ? { kind } : {}),
		...(engine ? { engine } : {}),
		...(sort ? { sort } : {}),
	};
}
