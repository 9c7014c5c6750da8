"use client";

import { useQuery } from "@tanstack/react-query";
import type { CacheStatus } from "../../server/contract/enums.ts";
import { useTRPC } from "./trpc.ts";

/** How often lists and numbers are read again; the browser pauses it for hidden tabs. */
export const CALM_POLL_MS = 5_000;
/** While something changes and somebody watches. */
export const BUSY_POLL_MS = 700;

/** A status that ends by itself, soon. */
export function isChanging(status: CacheStatus): boolean {
	return status === "creating" || status === "deleting";
}

export function useOverview() {
	const trpc = useTRPC();
	return useQuery(trpc.overview.get.queryOptions({}, { refetchInterval: CALM_POLL_MS }));
}

export function useMe() {
	const trpc = useTRPC();
	return useQuery(trpc.account.me.queryOptions({}, { staleTime: 60_000 }));
}
