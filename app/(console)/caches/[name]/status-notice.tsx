"use client";

import { Button } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CircleX, LoaderCircle, Moon, Trash2, TriangleAlert } from "lucide-react";
import type { Cache } from "../../../../server/contract/cache-view.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { ForAdministrators } from "../../../_ui/for-administrators.tsx";
import { Banner, ProblemBanner } from "../../../_ui/notices.tsx";
import { CreationProgress, ModifyProgress, RebootProgress } from "./change-progress.tsx";

/** Why the cache isn't available, and what happens next. */
export function StatusNotice({ cache }: { cache: Cache }) {
	if (cache.status === "available" && !isStuck(cache) && cache.sleep === null) return null;
	return (
		<div className="mb-4" aria-live="polite">
			<Notice cache={cache} />
		</div>
	);
}

/** A serverless cache that can't grow says so before it is full. */
function isStuck({ kind, statusReason, sleep }: Cache): boolean {
	return kind === "serverless" && statusReason !== null && sleep === null;
}

function Notice({ cache }: { cache: Cache }) {
	switch (cache.status) {
		case "creating":
			return <CreationProgress cache={cache} />;
		case "deleting":
			return (
				<Banner tone="neutral" icon={Trash2} title="Deleting">
					{cache.statusReason ??
						"Larder is stopping the cache's processes. It then removes their files and frees their ports."}
				</Banner>
			);
		case "modifying":
			return cache.progress.some(({ state }) => state !== "done") ? (
				<ModifyProgress cache={cache} />
			) : (
				<Banner tone="accent" icon={LoaderCircle} title="Modifying">
					{cache.statusReason ?? "A requested change is under way."}
				</Banner>
			);
		case "rebooting":
			return <RebootProgress cache={cache} />;
		case "degraded":
			return (
				<Banner
					tone="warning"
					icon={TriangleAlert}
					title={
						cache.kind === "serverless"
							? "Degraded: serving, but without a replica of some data"
							: "Degraded: serving with fewer nodes than configured"
					}
				>
					{cache.statusReason ?? "A replica is missing or out of sync. Larder is restoring it."}
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
					{cache.statusReason ?? "Larder is choosing a new primary."}
				</Banner>
			);
		case "available":
			if (cache.sleep !== null) {
				return (
					<Banner tone="neutral" icon={Moon} title="Asleep">
						{cache.statusReason ?? "The cache is about to change its state."}
					</Banner>
				);
			}
			return isStuck(cache) ? (
				<Banner tone="warning" icon={TriangleAlert} title="The cache can't grow right now">
					{cache.statusReason}
				</Banner>
			) : null;
	}
}

function unavailableTitle(cache: Cache): string {
	if (cache.engine === "memcached") return "No node is serving";
	if (cache.kind === "serverless") return "Some data isn't being served";
	return cache.clusterMode === "enabled" ? "Some shards aren't serving" : "No primary is serving";
}

/** Without automatic failover a person decides, because writes that the replica hasn't received are lost. */
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
			<ForAdministrators>
				<Button
					variant="outline"
					size="sm"
					isPending={promote.isPending}
					onPress={() => promote.mutate({ name: cache.name })}
				>
					Promote a replica
				</Button>
			</ForAdministrators>
			{promote.isError && (
				<ProblemBanner title="The replica wasn't promoted" error={promote.error} />
			)}
		</div>
	);
}
