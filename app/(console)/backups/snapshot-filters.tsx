"use client";

import { Button } from "@heroui/react";
import { X } from "lucide-react";
import { SNAPSHOT_KINDS, SNAPSHOT_STATUSES } from "../../../server/contract/choices.ts";
import { useTypedParam } from "../../_lib/use-typed-param.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { FilterSelect } from "../../_ui/filter-select.tsx";
import { SearchBox } from "../../_ui/search-box.tsx";
import { statusWord } from "../../_ui/status.tsx";
import { SNAPSHOT_KIND_WORDS } from "./snapshot-words.ts";

/** Search, cache, kind and status, kept in the address. A change returns to the first page. */
export function SnapshotFilters() {
	const { params, change } = useUrlParams();
	const [search, setSearch] = useTypedParam("search");
	const cache = params.get("cache");
	const store = params.get("store");
	return (
		<search className="mb-3 flex flex-wrap items-center gap-2">
			<SearchBox
				label="Search snapshots by their name or their cache's"
				placeholder="Snapshot or cache"
				value={search}
				onChange={setSearch}
				className="min-w-0 flex-1 basis-56 sm:max-w-sm"
			/>
			<FilterSelect
				name="kind"
				label="Kind"
				values={SNAPSHOT_KINDS}
				wordOf={(kind) => SNAPSHOT_KIND_WORDS[kind]}
				className="w-36"
			/>
			<FilterSelect
				name="status"
				label="Status"
				values={SNAPSHOT_STATUSES}
				wordOf={statusWord}
				className="w-40"
			/>
			{cache !== null && (
				<Button
					variant="outline"
					size="sm"
					onPress={() => change({ cache: null, cursor: null })}
					aria-label={`Show snapshots of all caches, not only of ${cache}`}
				>
					Cache: {cache}
					<X aria-hidden />
				</Button>
			)}
			{store !== null && (
				<Button
					variant="outline"
					size="sm"
					onPress={() => change({ store: null, cursor: null })}
					aria-label={`Show snapshots in all stores, not only in ${store}`}
				>
					Store: {store}
					<X aria-hidden />
				</Button>
			)}
		</search>
	);
}
