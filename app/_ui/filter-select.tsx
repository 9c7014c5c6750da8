"use client";

import { oneOf } from "../_lib/one-of.ts";
import { useUrlParams } from "../_lib/use-url-params.ts";
import { SelectField } from "./select-field.tsx";

const ANY = "any";

interface FilterSelectProps<Value extends string> {
	/** The filter's name in the address. */
	name: string;
	label: string;
	values: readonly Value[];
	wordOf: (value: Value) => string;
	className: string;
}

/** One filter of a list, kept in the address. A change returns to the first page. */
export function FilterSelect<Value extends string>(props: FilterSelectProps<Value>) {
	const { name, label, values, wordOf, className } = props;
	const { params, change } = useUrlParams();
	return (
		<SelectField
			label={label}
			hideLabel
			value={oneOf(values, params.get(name)) ?? ANY}
			options={[
				{ value: ANY, label: `Any ${label.toLowerCase()}` },
				...values.map((each) => ({ value: each, label: wordOf(each) })),
			]}
			onChange={(next) => change({ [name]: next === ANY ? null : next, cursor: null })}
			className={className}
		/>
	);
}
