"use client";

import { useEffect, useState } from "react";
import { cacheStatusSchema, engineSchema } from "../../../server/contract/enums.ts";
import { engineName } from "../../_lib/engines.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { SearchBox } from "../../_ui/search-box.tsx";
import { SelectField } from "../../_ui/select-field.tsx";
import { statusWord } from "../../_ui/status.tsx";

const ANY = "any";
const TYPING_MS = 200;

const STATUS_OPTIONS = [
	{ value: ANY, label: "Any status" },
	...cacheStatusSchema.options.map((status) => ({ value: status, label: statusWord(status) })),
];

const ENGINE_OPTIONS = [
	{ value: ANY, label: "Any engine" },
	...engineSchema.options.map((engine) => ({ value: engine, label: engineName(engine) })),
];

/** Search, engine and status, kept in the address; a change starts at the first page again. */
export function CacheFilters() {
	const { params, change } = useUrlParams();
	const search = params.get("search") ?? "";
	const status = cacheStatusSchema.safeParse(params.get("status")).data ?? ANY;
	const engine = engineSchema.safeParse(params.get("engine")).data ?? ANY;
	const [typed, setTyped] = useState(search);

	// The address can change without typing: Back, or "Clear filters".
	const [seen, setSeen] = useState(search);
	if (seen !== search) {
		setSeen(search);
		setTyped(search);
	}
	useEffect(() => {
		if (typed === search) return;
		const timer = setTimeout(() => change({ search: typed, cursor: null }), TYPING_MS);
		return () => clearTimeout(timer);
	}, [typed, search, change]);

	return (
		<search className="mb-3 flex flex-wrap gap-2">
			<SearchBox
				label="Search caches by name or description"
				value={typed}
				onChange={setTyped}
				className="min-w-0 flex-1 basis-56 sm:max-w-sm"
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
