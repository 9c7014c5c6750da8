import { SEVERITIES } from "../../../server/contract/choices.ts";
import { oneOf } from "../../_lib/one-of.ts";
import { pageInput } from "../../_lib/search-params.ts";

/** What the list's address asks the API for: the events of all caches, or of the named one. */
export function eventListInput(params: URLSearchParams, cache = params.get("cache")) {
	const severity = oneOf(SEVERITIES, params.get("severity"));
	return {
		...pageInput(params),
		...(severity === undefined ? {} : { severity }),
		...(cache === null ? {} : { cache }),
	};
}
