"use client";

import { useQuery } from "@tanstack/react-query";
import type { CacheStatus } from "../../server/contract/enums.ts";
import { useTRPC } from "./trpc.ts";

/** How often lists and numbers are refetched; React Query pauses this in hidden tabs. */
export const CALM_POLL_MS = 5_000;
/** While a page shows something that changes. */
export const BUSY_POLL_MS = 700;

const CHANGING: ReadonlySet<CacheStatus> = new Set([
	"creating",
	"modifying",
	"rebooting",
	"deleting",
]);

/** Whether the status will soon change by itself. */
export function isChanging(status: CacheStatus): boolean {
	return CHANGING.has(status);
}

export function useOverview() {
	const trpc = useTRPC();
	return useQuery(trpc.overview.get.queryOptions({}, { refetchInterval: CALM_POLL_MS }));
}

export function useMe() {
	const trpc = useTRPC();
	return useQuery(trpc.account.me.queryOptions({}, { staleTime: 60_000 }));
}

/** Whether the user may see but not change things; false until it is known. */
export function useIsViewer(): boolean {
	const { data: me } = useMe();
	return me !== undefined && me.access !== "full";
}

/** Changes only when an administrator creates or deletes a type. */
export function useNodeTypes() {
	const trpc = useTRPC();
	return useQuery(trpc.nodeTypes.list.queryOptions({}, { staleTime: 60_000 }));
}

/** Prices; they change only when an administrator edits them. */
export function useRateCard() {
	const trpc = useTRPC();
	return useQuery(trpc.rateCard.get.queryOptions({}, { staleTime: Number.POSITIVE_INFINITY }));
}
