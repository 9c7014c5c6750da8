"use client";

import { useQuery } from "@tanstack/react-query";
import { newestOffered, versionProblem } from "../../../../server/contract/offered-versions.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import type { CreateForm } from "./use-create-form.ts";
import { useEngineVersions } from "./use-engine-versions.ts";

/** The version that a cache gets if none is chosen: the snapshot's, where Larder offers it, or the newest. */
export function useUsualVersion({ draft }: CreateForm): string {
	const trpc = useTRPC();
	const { engine, snapshot } = draft;
	const { newest } = useEngineVersions(engine);
	const { data: origin } = useQuery(
		trpc.snapshots.get.queryOptions(
			{ name: snapshot },
			{ enabled: snapshot !== "", staleTime: 60_000 },
		),
	);
	const isOffered =
		origin?.engine === engine && versionProblem(engine, origin.engineVersion) === null;
	return isOffered ? origin.engineVersion : (newest ?? newestOffered(engine));
}
