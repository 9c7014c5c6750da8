"use client";

import { useCallback, useSyncExternalStore } from "react";

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
	listeners.add(listener);
	window.addEventListener("storage", listener);
	return () => {
		listeners.delete(listener);
		window.removeEventListener("storage", listener);
	};
}

/** Storage can be refused (private windows, policies): the console works without it. */
function read(key: string): string | null {
	try {
		return window.localStorage.getItem(key);
	} catch {
		return null;
	}
}

/** A text that the browser remembers, shared by all tabs; null while there is none, and on a server. */
export function useStoredText(key: string): [string | null, (value: string) => void] {
	const stored = useSyncExternalStore(
		subscribe,
		() => read(key),
		() => null,
	);
	const set = useCallback(
		(next: string) => {
			try {
				window.localStorage.setItem(key, next);
			} catch {
				return;
			}
			for (const listener of listeners) listener();
		},
		[key],
	);
	return [stored, set];
}

/** A choice that the browser remembers. `choices[0]` is the default and what a server renders. */
export function useStoredChoice<Choice extends string>(
	key: string,
	choices: readonly [Choice, ...Choice[]],
): [Choice, (value: Choice) => void] {
	const [stored, set] = useStoredText(key);
	return [choices.find((choice) => choice === stored) ?? choices[0], set];
}
