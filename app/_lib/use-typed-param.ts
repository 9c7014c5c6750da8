"use client";

import { useEffect, useState } from "react";
import { useUrlParams } from "./use-url-params.ts";

const TYPING_MS = 200;

/** A typed filter, kept in the address. When typing pauses, it changes, and the list returns to its first page. */
export function useTypedParam(name: string): [string, (text: string) => void] {
	const { params, change } = useUrlParams();
	const current = params.get(name) ?? "";
	const [typed, setTyped] = useState(current);
	// The address can change without typing: Back, or "Clear filters".
	const [seen, setSeen] = useState(current);
	if (seen !== current) {
		setSeen(current);
		setTyped(current);
	}
	useEffect(() => {
		if (typed === current) return;
		const timer = setTimeout(() => change({ [name]: typed, cursor: null }), TYPING_MS);
		return () => clearTimeout(timer);
	}, [typed, current, name, change]);
	return [typed, setTyped];
}
