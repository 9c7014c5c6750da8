"use client";

import { toast } from "@heroui/react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useEffect, useRef } from "react";
import type { Snapshot } from "../../../server/contract/snapshot.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { formatBytes } from "../../_lib/format/bytes.ts";
import { plural } from "../../_lib/format/count.ts";
import { formatDuration } from "../../_lib/format/time.ts";
import { finishPendingWork, type PendingSnapshot } from "../../_lib/pending-work.ts";
import { BUSY_POLL_MS } from "../../_lib/queries.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { viewAction } from "./view-action.ts";

/** Once a snapshot is available or has failed, says so, whichever page is open. */
export function SnapshotWatch({ work }: { work: PendingSnapshot }) {
	const trpc = useTRPC();
	const router = useRouter();
	const queryClient = useQueryClient();
	const announced = useRef(false);
	const { data, error, isError } = useQuery(
		trpc.snapshots.get.queryOptions({ name: work.snapshot }, { refetchInterval: BUSY_POLL_MS }),
	);
	// It was deleted or renamed meanwhile.
	const isGone = isError && toApiProblem(error).code === "not_found";
	const isOver = isGone || (data !== undefined && data.status !== "creating");

	useEffect(() => {
		if (announced.current || !isOver) return;
		announced.current = true;
		finishPendingWork(work);
		void queryClient.invalidateQueries({ queryKey: trpc.snapshots.list.queryKey() });
		if (data !== undefined && !isGone) tell(data, (path) => router.push(path));
	}, [isOver, isGone, data, work, queryClient, trpc, router]);
	return null;
}

function tell(snapshot: Snapshot, go: (path: string) => void) {
	const { name, cache, status, statusReason } = snapshot;
	const view = viewAction("View snapshot", `/backups/${name}`, go);
	if (status === "available") {
		const { keys, bytes, createdAt, availableAt } = snapshot;
		const tookMs = Date.parse(availableAt ?? "") - Date.parse(createdAt);
		const words = [
			keys !== null && plural(keys, "key"),
			bytes !== null && formatBytes(bytes),
			Number.isFinite(tookMs) && `taken in ${formatDuration(tookMs)}`,
		];
		toast.success(`Snapshot ${name} is available`, {
			description: words.filter(Boolean).join(", "),
			timeout: 8_000,
			...view,
		});
	}
	if (status === "failed") {
		toast.danger(`Snapshot ${name}${cache === "" ? "" : ` of ${cache}`} failed`, {
			description: statusReason ?? undefined,
			timeout: 15_000,
			...view,
		});
	}
}
