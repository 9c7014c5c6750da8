"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTRPC } from "../../../_lib/trpc.ts";
import { useSettled } from "../../../_lib/use-settled.ts";
import type { CreateForm } from "./use-create-form.ts";

const QUIET_MS = 250;
/** Stands in for a name that isn't typed yet, or that is at fault, which its field says. */
const ANY_NAME = "restored";

/** What the draft would create from its snapshot, and why the API would refuse it. Idle without a snapshot. */
export function useRestorePreview({ draft, request, hasFault }: CreateForm) {
	const trpc = useTRPC();
	const asked = JSON.stringify({ ...request, name: ANY_NAME });
	const settled = useSettled(asked, QUIET_MS);
	return useQuery(
		trpc.caches.previewCreation.queryOptions(JSON.parse(settled), {
			enabled: draft.snapshot !== "" && !hasFault,
			placeholderData: keepPreviousData,
		}),
	);
}
