"use client";

import { toast } from "@heroui/react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useEffect, useRef } from "react";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { type FailoverOutcome, failoverOutcome } from "../../_lib/failover.ts";
import { asSentence } from "../../_lib/form-issues.ts";
import { finishPendingWork, type PendingFailover } from "../../_lib/pending-work.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { viewAction } from "./view-action.ts";

/** A failover takes a moment, and the user who requested it is watching. */
const POLL_MS = 300;
/** After this long, the console no longer waits to notify the user; the page and its events still say what happened. */
const PATIENCE_MS = 120_000;

/** Once a requested failover is done, says which node is the new primary and how long writes paused. */
export function FailoverWatch({ work }: { work: PendingFailover }) {
	const trpc = useTRPC();
	const router = useRouter();
	const queryClient = useQueryClient();
	const announced = useRef(false);
	const cache = useQuery(
		trpc.caches.get.queryOptions({ name: work.cache }, { refetchInterval: POLL_MS }),
	);
	const events = useQuery(
		trpc.events.list.queryOptions(
			{ cache: work.cache, limit: 20 },
			{ refetchInterval: POLL_MS, staleTime: 0 },
		),
	);
	const isGone = cache.isError && toApiProblem(cache.error).code === "not_found";
	const isOverdue = Date.now() - work.startedAtMs > PATIENCE_MS;
	const outcome =
		cache.data === undefined
			? null
			: failoverOutcome(work.awaited, cache.data, events.data?.items ?? []);

	useEffect(() => {
		if (announced.current || !(isGone || isOverdue || outcome !== null)) return;
		announced.current = true;
		finishPendingWork(work);
		void queryClient.invalidateQueries({ queryKey: trpc.events.list.queryKey() });
		if (outcome !== null && !isGone) {
			tell(outcome, work.cache, (path) => router.push(path));
		}
	}, [isGone, isOverdue, outcome, work, queryClient, trpc, router]);
	return null;
}

function tell({ leader, detail }: FailoverOutcome, cache: string, go: (path: string) => void) {
	if (leader === null) {
		toast.danger(`${cache} didn't fail over`, {
			description: detail ?? undefined,
			timeout: 15_000,
			...viewAction("View events", `/caches/${cache}?tab=events`, go),
		});
		return;
	}
	toast.success(`${leader} is now the primary`, {
		description: detail === null ? undefined : asSentence(detail),
		timeout: 12_000,
		...viewAction("View cache", `/caches/${cache}`, go),
	});
}
