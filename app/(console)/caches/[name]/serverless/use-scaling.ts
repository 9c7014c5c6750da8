"use client";

import { useQuery } from "@tanstack/react-query";
import { CALM_POLL_MS } from "../../../../_lib/queries.ts";
import { useTRPC } from "../../../../_lib/trpc.ts";
import { scalingInput } from "./scaling-input.ts";
import type { ServerlessCache } from "./serverless-cache.ts";

/** The cache's newest changes of capacity, kept up to date. */
export function useScaling(cache: ServerlessCache) {
	const trpc = useTRPC();
	return useQuery(
		trpc.caches.scaling.queryOptions(scalingInput(cache.name), {
			refetchInterval: CALM_POLL_MS,
			enabled: cache.status !== "deleting",
		}),
	);
}
