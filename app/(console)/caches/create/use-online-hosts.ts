"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { Host } from "../../../../server/contract/host.ts";
import { CALM_POLL_MS } from "../../../_lib/queries.ts";
import { useTRPC } from "../../../_lib/trpc.ts";

/** The fleet's first hosts; more of them wouldn't improve the preview. */
const HOSTS_SEEN = 100;

/** Hosts that nodes could be placed on now; undefined until they are known. */
export function useOnlineHosts(): readonly Host[] | undefined {
	const trpc = useTRPC();
	const { data } = useQuery(
		trpc.hosts.list.queryOptions(
			{ limit: HOSTS_SEEN, status: "online" },
			{ refetchInterval: CALM_POLL_MS, placeholderData: keepPreviousData },
		),
	);
	return data?.items;
}
