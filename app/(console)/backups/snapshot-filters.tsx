"use client";

import { Button } from "@heroui/react";
import { X } from "lucide-react";
import { SNAPSHOT_KINDS, SNAPSHOT_STATUSES } from "../../../server/contract/choices.ts";
import { oneOf } from "../../_lib/one-of.ts";
import { useTypedParam } from "../../_lib/use-typed-param.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { SearchBox } from "../../_ui/search-box.tsx";
import { SelectField } from "../../_ui/select-field.tsx";
import { statusWord } from "../../_ui/status.tsx";
import { SNAPSHOT_KIND_WORDS } from "./snapshot-words.ts";

const ANY = "any";

const STATUS_OPTIONS = [
	{ value: ANY, label: "Any status" },
	...SNAPSHOT_STATUSES.map((status) => ({ value: status, label: statusWord(status) })),
];

const KIND_OPTIONS = [
	{ value: ANY, label: "Any kind" },
	...SNAPSHOT_KINDS.map((kind) => ({ value: kind, label: SNAPSHOT_KIND_WORDS[kind] })),
];

/** Search, cache, kind and status, kept in the address. A change returns to the first page. */
export function SnapshotFilters() {
	const { params, change } = useUrlParams();
	const [search, setSearch] = useTypedParam("search");
	const status = oneOf(SNAPSHOT_STATUSES, params.get("status")) ?? ANY;
	const kind = oneOf(SNAPSHOT_KINDS, params.get("kind")) ?? ANY;
	const cache = params.get("cache");
	return (
		<search className="mb-3 flex flex-wrap items-center gap-2">
			<SearchBox
				label="Search snapshots by their name or their cache's"
				placeholder="Snapshot or cache"
				value={search}
				onChange={setSearch}
				className="min-w-0 flex-1 basis-56 sm:max-w-sm"
			/>
			<SelectField
				label="Kind"
				hideLabel
				value={kind}
				options={KIND_OPTIONS}
				onChange={(value) => change({ kind: value === ANY ? null : value, cursor: null })}
				className="w-36"
			/>
			<SelectField
				label="Status"
				hideLabel
				value={status}
				options={STATUS_OPTIONS}
				onChange={(value) => change({ status: value === ANY ? null : value, cursor: null })}
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
		</search>
	);
}
