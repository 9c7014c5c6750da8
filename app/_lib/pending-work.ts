"use client";

import { useSyncExternalStore } from "react";
import type { AwaitedFailover } from "./failover.ts";

interface PendingLife {
	cache: string;
	kind: "create" | "delete";
	startedAtMs: number;
}

export interface PendingFailover {
	cache: string;
	kind: "failover";
	startedAtMs: number;
	awaited: AwaitedFailover;
}

export interface PendingSnapshot {
	/** The cache that it is taken of. */
	cache: string;
	kind: "snapshot";
	startedAtMs: number;
	snapshot: string;
}

export type PendingWork = PendingLife | PendingFailover | PendingSnapshot;

const KEY = "larder.pending-work";
const listeners = new Set<() => void>();
const NONE: readonly PendingWork[] = [];
let memory: readonly PendingWork[] | null = null;

function isPendingWork(value: unknown): value is PendingWork {
	if (typeof value !== "object" || value === null) return false;
	const { cache, kind, startedAtMs, awaited, snapshot } = value as Record<string, unknown>;
	if (typeof cache !== "string" || typeof startedAtMs !== "number") return false;
	if (kind === "failover") return isAwaited(awaited);
	if (kind === "snapshot") return typeof snapshot === "string";
	return kind === "create" || kind === "delete";
}

function isAwaited(value: unknown): value is AwaitedFailover {
	if (typeof value !== "object" || value === null) return false;
	const { shard, from, previousAt } = value as Record<string, unknown>;
	return (
		typeof shard === "string" &&
		typeof from === "string" &&
		(previousAt === null || typeof previousAt === "string")
	);
}

function load(): readonly PendingWork[] {
	if (memory !== null) return memory;
	let found: readonly PendingWork[] = NONE;
	try {
		const stored: unknown = JSON.parse(window.sessionStorage.getItem(KEY) ?? "[]");
		if (Array.isArray(stored)) found = stored.filter(isPendingWork);
	} catch {
		// No storage, or something that another program stored: start with nothing.
	}
	memory = found;
	return found;
}

function store(next: readonly PendingWork[]) {
	memory = next;
	try {
		window.sessionStorage.setItem(KEY, JSON.stringify(next));
	} catch {
		// Without storage, it lasts until the console is closed or reloaded.
	}
	for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
	listeners.add(listener);
	return () => listeners.delete(listener);
}

/** Work that was started in this tab. The user gets a notice when it ends. */
export function usePendingWork(): readonly PendingWork[] {
	return useSyncExternalStore(subscribe, load, () => NONE);
}

/** Identifies work: a snapshot, one creation or deletion for each cache, and one failover for each shard. */
export function pendingWorkKey(work: PendingWork): string {
	if (work.kind === "snapshot") return `snapshot ${work.snapshot}`;
	return work.kind === "failover" ? `${work.cache} ${work.awaited.shard}` : work.cache;
}

export function addPendingWork(cache: string, kind: PendingLife["kind"]) {
	add({ cache, kind, startedAtMs: Date.now() });
}

export function addPendingFailover(cache: string, awaited: AwaitedFailover) {
	add({ cache, kind: "failover", awaited, startedAtMs: Date.now() });
}

export function addPendingSnapshot(snapshot: string, cache: string) {
	add({ cache, kind: "snapshot", snapshot, startedAtMs: Date.now() });
}

function add(work: PendingWork) {
	const key = pendingWorkKey(work);
	store([...load().filter((other) => pendingWorkKey(other) !== key), work]);
}

/** Drops work that has ended. */
export function finishPendingWork(work: PendingWork) {
	const key = pendingWorkKey(work);
	store(load().filter((other) => pendingWorkKey(other) !== key));
}

/** Drops all pending work of a cache that is about to be deleted. Its snapshots outlive it. */
export function removePendingWork(cache: string) {
	store(load().filter((work) => work.kind === "snapshot" || work.cache !== cache));
}
