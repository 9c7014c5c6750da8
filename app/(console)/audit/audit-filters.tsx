"use client";

import { AUDIT_OUTCOMES } from "../../../server/contract/choices.ts";
import { useTypedParam } from "../../_lib/use-typed-param.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { SearchBox } from "../../_ui/search-box.tsx";
import { SelectField } from "../../_ui/select-field.tsx";
import { statusWord } from "../../_ui/status.tsx";
import { ANY, KINDS } from "./audit-input.ts";

const OUTCOMES = [
	{ value: ANY, label: "Any outcome" },
	...AUDIT_OUTCOMES.map((outcome) => ({ value: outcome, label: statusWord(outcome) })),
];

const SPANS = [
	{ value: ANY, label: "Any time" },
	{ value: "1h", label: "Last hour" },
	{ value: "24h", label: "Last 24 hours" },
	{ value: "7d", label: "Last 7 days" },
	{ value: "30d", label: "Last 30 days" },
];

/** The address keeps the filters. A change returns to the first page. */
export function AuditFilters() {
	const { params, change } = useUrlParams();
	const [actor, setActor] = useTypedParam("actor");
	const choice = (name: string, options: readonly { value: string; label: string }[]) => ({
		value: options.find(({ value }) => value === params.get(name))?.value ?? ANY,
		options,
		onChange: (value: string) => change({ [name]: value === ANY ? null : value, cursor: null }),
	});
	return (
		<search className="mb-3 flex flex-wrap gap-2">
			<SearchBox
				label="Search by who did it"
				placeholder="User, token or host"
				value={actor}
				onChange={setActor}
				className="min-w-0 flex-1 basis-56 sm:max-w-sm"
			/>
			<SelectField label="Action" hideLabel {...choice("action", KINDS)} className="w-52" />
			<SelectField label="Outcome" hideLabel {...choice("outcome", OUTCOMES)} className="w-36" />
			<SelectField label="Time" hideLabel {...choice("since", SPANS)} className="w-36" />
		</search>
	);
}
