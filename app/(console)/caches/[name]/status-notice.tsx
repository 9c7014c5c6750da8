"use client";

import { Button } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CircleX, LoaderCircle, Trash2, TriangleAlert } from "lucide-react";
import type { Cache } from "../../../../server/contract/cache.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { Banner, ProblemBanner } from "../../../_ui/notices.tsx";
import { CreationProgress } from "./creation-progress.tsx";

/** Why the cache isn't simply available, and what happens next. */
export function StatusNotice({ cache }: { cache: Cache }) {
	if (cache.status === "available") return null;
	return (
		<div className="mb-4" aria-live="polite">
			<Notice cache={cache} />
		</div>
	);
}

function Notice({ cache }: { cache: Cache }) {
	switch (cache.status) {
		case "creating":
			return <CreationProgress cache={cache} />;
		case "deleting":
			return (
				<Banner tone="neutral" icon={Trash2} title="Being deleted">
					{cache.statusReason ?? "Its processes are ended, then files and ports are freed."}
				</Banner>
			);
		case "modifying":
			return (
				<Banner tone="accent" icon={LoaderCircle} title="Being changed">
					{cache.statusReason ?? "A change that was asked for is being carried out."}
				</Banner>
			);
		case "degraded":
			return (
				<Banner tone="warning" icon={TriangleAlert} title="Serving, with less than asked for">
					{cache.statusReason ?? "A replica is missing or out of sync; it comes back by itself."}
				</Banner>
			);
		case "unavailable":
			return (
				<Banner
					tone="danger"
					icon={CircleX}
					title={unavailableTitle(cache)}
					action={<PromoteReplica cache={cache} />}
				>
					{cache.statusReason ?? "Who leads is about to be decided."}
				</Banner>
			);
		case "available":
			return null;
	}
}

function unavailableTitle(cache: Cache): string {
	if (cache.engine === "memcached") return "No node serves";
	return cache.clusterMode === "enabled" ? "Not all shards serve" : "No primary serves";
}

/** Without automatic failover somebody has to decide, because writes that a replica hasn't seen are lost. */
function PromoteReplica({ cache }: { cache: Cache }) {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	const promote = useMutation(
		trpc.caches.promote.mutationOptions({
			onSuccess: (next) =>
				queryClient.setQueryData(trpc.caches.get.queryKey({ name: cache.name }), next),
		}),
	);
	if (cache.automaticFailover || cache.replicasPerShard === 0) return null;
	return (
		<div className="flex flex-col items-end gap-2">
			<Button
				variant="outline"
				size="sm"
				isPending={promote.isPending}
				onPress={() => promote.mutate({ name: cache.name })}
			>
				Promote a replica
			</Button>
			{promote.isError && <ProblemBanner title="Not promoted" error={promote.error} />}
		</div>
	);
}
