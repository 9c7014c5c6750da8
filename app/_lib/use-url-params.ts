"use client";

import { useSearchParams } from "next/navigation";
import { useCallback } from "react";

export type ParamChanges = Readonly<Record<string, string | null>>;

/** The address's query with some parameters changed; null or "" removes one. */
export function withParams(search: string, changes: ParamChanges): string {
	const params = new URLSearchParams(search);
	for (const [name, value] of Object.entries(changes)) {
		if (value === null || value === "") params.delete(name);
		else params.set(name, value);
	}
	const text = params.toString();
	return text === "" ? "" : `?${text}`;
}

/** Reads and changes the query without a round trip; `push` makes a step that Back undoes. */
export function useUrlParams() {
	const params = useSearchParams();
	const change = useCallback((changes: ParamChanges, mode: "replace" | "push" = "replace") => {
		const { pathname, search, hash } = window.location;
		const url = `${pathname}${withParams(search, changes)}${hash}`;
		if (mode === "push") window.history.pushState(null, "", url);
		else window.history.replaceState(null, "", url);
	}, []);
	return { params, change };
}
