"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../../../_lib/trpc.ts";
import { useSettled } from "../../../_lib/use-settled.ts";

const QUIET_MS = 250;

/** Whether a cache of that name exists; false while it isn't known. `name` is valid and in lower case, or empty. */
export function useNameTaken(name: string): boolean {
	const trpc = useTRPC();
	const isSettled = useSettled(name, QUIET_MS) === name && name !== "";
	const { data } = useQuery(
		trpc.caches.list.queryOptions(
			{ search: name, sort: "name", limit: 100 },
			{ enabled: isSettled },
		),
	);
	return isSettled && data?.items.some((cache) => cache.name === name) === true;
}
