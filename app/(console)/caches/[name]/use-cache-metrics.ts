"use client";

import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Cache } from "../../../../server/contract/cache-view.ts";
import type { CacheMetrics, MetricsRange } from "../../../../server/contract/metrics.ts";
import { changesSince, mergeMetrics } from "../../../_lib/merge-metrics.ts";
import { useTRPC, useTRPCClient } from "../../../_lib/trpc.ts";
import { metricsPollMs } from "../../../_ui/charts/metrics-range.tsx";

/** A cache's metrics over a range, kept up to date: after the first read only what is new is fetched. */
export function useCacheMetrics(cache: Cache, range: MetricsRange) {
	const trpc = useTRPC();
	const client = useTRPCClient();
	const queryClient = useQueryClient();
	const queryKey = trpc.caches.metrics.queryKey({ name: cache.name, range });
	return useQuery<CacheMetrics>({
		queryKey,
		async queryFn({ signal }) {
			const known = queryClient.getQueryData<CacheMetrics>(queryKey);
			const since = known === undefined ? {} : { since: changesSince(known) };
			const next = await client.caches.metrics.query(
				{ name: cache.name, range, ...since },
				{ signal },
			);
			return known === undefined ? next : mergeMetrics(known, next);
		},
		refetchInterval: metricsPollMs(range),
		placeholderData: keepPreviousData,
		enabled: cache.status !== "deleting",
	});
}
