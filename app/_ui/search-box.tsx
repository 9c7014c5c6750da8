"use client";

import { SearchField } from "@heroui/react";

interface SearchBoxProps {
	/** What is searched, for those who don't see the page. */
	label: string;
	value: string;
	onChange: (text: string) => void;
	className: string;
}

/** Filters a list by name or description. */
export function SearchBox({ label, value, onChange, className }: SearchBoxProps) {
	return (
		<SearchField aria-label={label} value={value} onChange={onChange} className={className}>
			<SearchField.Group>
				<SearchField.SearchIcon />
				<SearchField.Input placeholder="Name or description" maxLength={100} />
				<SearchField.ClearButton />
			</SearchField.Group>
		</SearchField>
	);
}
