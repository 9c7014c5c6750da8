"use client";

import { SearchField } from "@heroui/react";

interface SearchBoxProps {
	/** What the box searches, for screen readers. */
	label: string;
	value: string;
	onChange: (text: string) => void;
	/** "Name or description" when absent. */
	placeholder?: string;
	className: string;
}

/** Filters a list by text. */
export function SearchBox({ label, value, onChange, placeholder, className }: SearchBoxProps) {
	return (
		<SearchField aria-label={label} value={value} onChange={onChange} className={className}>
			<SearchField.Group>
				<SearchField.SearchIcon />
				<SearchField.Input placeholder={placeholder ?? "Name or description"} maxLength={100} />
				<SearchField.ClearButton />
			</SearchField.Group>
		</SearchField>
	);
}
