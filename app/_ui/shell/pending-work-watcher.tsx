"use client";

import { toast } from "@heroui/react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useEffect } from "react";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { formatDuration } from "../../_lib/format/time.ts";
import {
	finishPendingWork,
	type PendingWork,
	pendingWorkKey,
	usePendingWork,
} from "../../_lib/pending-work.ts";
import { BUSY_POLL_MS } from "../../_lib/queries.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { FailoverWatch } from "./failover-watch.tsx";
import { SnapshotWatch } from "./snapshot-watch.tsx";
import { viewAction } from "./view-action.ts";

/** Notifies the user when creations, deletions, failovers and snapshots end, whichever page is open. */
export function PendingWorkWatcher() {
	return usePendingWork().map((work) => {
		const key = `${work.kind}:${pendingWorkKey(work)}`;
		switch (work.kind) {
			case "failover":
				return <FailoverWatch key={key} work={work} />;
			case "snapshot":
				return <SnapshotWatch key={key} work={work} />;
			default:
				return <LifeWatch key={key} work={work} />;
		}
	});
}

type Outcome = "created" | "deleted" | "kept" | "vanished" | null;
type PendingLife = Extract<PendingWork, { kind: "create" | "delete" }>;

/** An answer that was on its way when the deletion was requested may still show the cache as it was. */
const LATE_ANSWER_MS = 5_000;

/** Whether the cache stays: Larder doesn't delete it if its final snapshot fails. */
function isKept({ kind, startedAtMs }: PendingLife, status: string, updatedAtMs: number): boolean {
	return kind === "delete" && status !== "deleting" && updatedAtMs > startedAtMs + LATE_ANSWER_MS;
}

function LifeWatch({ work }: { work: PendingLife }) {
	const trpc = useTRPC();
	const router = useRouter();
	const queryClient = useQueryClient();
	const { data, error, isError, dataUpdatedAt } = useQuery(
		trpc.caches.get.queryOptions(
			{ name: work.cache },
			{ refetchInterval: BUSY_POLL_MS, refetchOnWindowFocus: true },
		),
	);
	const isGone = isError && toApiProblem(error).code === "not_found";
	const outcome: Outcome = isGone
		? work.kind === "delete"
			? "deleted"
			: "vanished"
		: work.kind === "create" && data?.status === "available"
			? "created"
			: data !== undefined && isKept(work, data.status, dataUpdatedAt)
				? "kept"
				: null;

	useEffect(() => {
		if (outcome === null) return;
		finishPendingWork(work);
		void queryClient.invalidateQueries({ queryKey: trpc.caches.list.queryKey() });
		void queryClient.invalidateQueries({ queryKey: trpc.overview.get.queryKey() });
		if (outcome === "created" && data) {
			const tookMs = Date.parse(data.availableAt ?? "") - Date.parse(data.createdAt);
			toast.success(`${work.cache} is available`, {
				description: Number.isFinite(tookMs) ? `Created in ${formatDuration(tookMs)}.` : undefined,
				timeout: 8_000,
				...viewAction("View cache", `/caches/${work.cache}`, (path) => router.push(path)),
			});
		}
		if (outcome === "deleted") {
			toast(`${work.cache} was deleted`, {
				description: "Larder stopped its processes and deleted its files.",
				timeout: 8_000,
				...viewAction("View events", `/events?cache=${work.cache}`, (path) => router.push(path)),
			});
		}
	}, [outcome, data, work, queryClient, trpc, router]);
	return null;
}
