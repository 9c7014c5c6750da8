"use client";

import { CACHE_KINDS, CACHE_STATUSES, ENGINES } from "../../../server/contract/choices.ts";
import { engineName } from "../../_lib/engines.ts";
import { useTypedParam } from "../../_lib/use-typed-param.ts";
import { FilterSelect } from "../../_ui/filter-select.tsx";
import { SearchBox } from "../../_ui/search-box.tsx";
import { statusWord } from "../../_ui/status.tsx";
import { KINDS } from "./serverless-words.ts";

/** Search, kind, engine and status, kept in the address. A change returns to the first page. */
export function CacheFilters() {
	const [search, setSearch] = useTypedParam("search");
	return (
		<search className="mb-3 flex flex-wrap gap-2">
			<SearchBox
				label="Search caches by name or description"
				value={search}
				onChange={setSearch}
				className="min-w-0 flex-1 basis-56 sm:max-w-sm"
			/>
			<FilterSelect
				name="kind"
				label="Kind"
				values={CACHE_KINDS}
				wordOf={(kind) => KINDS[kind].label}
				className="w-36"
			/>
			<FilterSelect
				name="engine"
				label="Engine"
				values={ENGINES}
				wordOf={engineName}
				className="w-36"
			/>
			<FilterSelect
				name="status"
				label="Status"
				values={CACHE_STATUSES}
				wordOf={statusWord}
				className="w-40"
			/>
		</search>
	);
}
