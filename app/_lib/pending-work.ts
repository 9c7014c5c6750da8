"use client";

import { useSyncExternalStore } from "react";

export interface PendingWork {
	cache: string;
	kind: "create" | "delete";
	startedAtMs: number;
}

const KEY = "larder.pending-work";
const listeners = new Set<() => void>();
const NONE: readonly PendingWork[] = [];
let memory: readonly PendingWork[] | null = null;

function isPendingWork(value: unknown): value is PendingWork {
	if (typeof value !== "object" || value === null) return false;
	const { cache, kind, startedAtMs } = value as Record<string, unknown>;
	return (
		typeof cache === "string" &&
		(kind === "create" || kind === "delete") &&
		typeof startedAtMs === "number"
	);
}

function load(): readonly PendingWork[] {
	if (memory !== null) return memory;
	let found: readonly PendingWork[] = NONE;
	try {
		const stored: unknown = JSON.parse(window.sessionStorage.getItem(KEY) ?? "[]");
		if (Array.isArray(stored)) found = stored.filter(isPendingWork);
	} catch {
		// No storage, or somebody else's content: start with nothing.
	}
	memory = found;
	return found;
}

function store(next: readonly PendingWork[]) {
	memory = next;
	try {
		window.sessionStorage.setItem(KEY, JSON.stringify(next));
	} catch {
		// It lasts until the page is left, then.
	}
	for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
	listeners.add(listener);
	return () => listeners.delete(listener);
}

/** Work that was started in this tab and whose end the user is to be told of. */
export function usePendingWork(): readonly PendingWork[] {
	return useSyncExternalStore(subscribe, load, () => NONE);
}

export function addPendingWork(cache: string, kind: PendingWork["kind"]) {
	const others = load().filter((work) => work.cache !== cache);
	store([...others, { cache, kind, startedAtMs: Date.now() }]);
}

export function removePendingWork(cache: string) {
	store(load().filter((work) => work.cache !== cache));
}
