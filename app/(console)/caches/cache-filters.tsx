"use client";

import { CACHE_KINDS, CACHE_STATUSES, ENGINES } from "../../../server/contract/choices.ts";
import { engineName } from "../../_lib/engines.ts";
import { oneOf } from "../../_lib/one-of.ts";
import { useTypedParam } from "../../_lib/use-typed-param.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { SearchBox } from "../../_ui/search-box.tsx";
import { SelectField } from "../../_ui/select-field.tsx";
import { statusWord } from "../../_ui/status.tsx";
import { KINDS } from "./serverless-words.ts";

const ANY = "any";

const STATUS_OPTIONS = [
	{ value: ANY, label: "Any status" },
	...CACHE_STATUSES.map((status) => ({ value: status, label: statusWord(status) })),
];

const KIND_OPTIONS = [
	{ value: ANY, label: "Any kind" },
	...CACHE_KINDS.map((kind) => ({ value: kind, label: KINDS[kind].label })),
];

const ENGINE_OPTIONS = [
	{ value: ANY, label: "Any engine" },
	...ENGINES.map((engine) => ({ value: engine, label: engineName(engine) })),
];

/** Search, kind, engine and status, kept in the address. A change returns to the first page. */
export function CacheFilters() {
	const { params, change } = useUrlParams();
	const [search, setSearch] = useTypedParam("search");
	const status = oneOf(CACHE_STATUSES, params.get("status")) ?? ANY;
	const kind = oneOf(CACHE_KINDS, params.get("kind")) ?? ANY;
	const engine = oneOf(ENGINES, params.get("engine")) ?? ANY;
	return (
		<search className="mb-3 flex flex-wrap gap-2">
			<SearchBox
				label="Search caches by name or description"
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
				label="Engine"
				hideLabel
				value={engine}
				options={ENGINE_OPTIONS}
				onChange={(value) => change({ engine: value === ANY ? null : value, cursor: null })}
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
		</search>
	);
}
