"use client";

import { useQuery } from "@tanstack/react-query";
import type { Engine } from "../../../../server/contract/enums.ts";
import { useTRPC } from "../../../_lib/trpc.ts";

/** The versions that hosts have installed, of all engines and of this one. */
export function useEngineVersions(engine: Engine) {
	const trpc = useTRPC();
	const query = useQuery(trpc.engineVersions.list.queryOptions({}, { staleTime: 30_000 }));
	const all = query.data?.items ?? [];
	const own = all.filter((version) => version.engine === engine);
	return { query, all, own, newest: own.find(({ isDefault }) => isDefault)?.version ?? null };
}
