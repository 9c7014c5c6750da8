"use client";

import { Button } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Operation } from "../../../../server/contract/operation.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { formatCount } from "../../../_lib/format/count.ts";
import { formatDuration } from "../../../_lib/format/time.ts";
import { noteChange } from "../../../_lib/fresh-changes.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { useNow } from "../../../_lib/use-now.ts";
import { ForAdministrators } from "../../../_ui/for-administrators.tsx";
import { ProblemBanner } from "../../../_ui/notices.tsx";
import { UsageBar } from "../../../_ui/usage-bar.tsx";

interface OperationProgressProps {
	name: string;
	operation: Operation;
}

/** How far along the change is, how long it will still take, and a button to cancel it. */
export function OperationProgress({ name, operation }: OperationProgressProps) {
	const { percent, slots, data, state, cancellable } = operation;
	const back = state === "canceling" ? " back" : "";
	return (
		<div className="mt-3 flex flex-col gap-2">
			<UsageBar label="Progress of the change" used={percent} total={100} size="thick" />
			<div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-[0.8125rem] tabular-nums">
				<span className="font-medium">{percent}%</span>
				{slots !== null && (
					<span className="text-muted">
						{slots.moved} of {slots.total} slots moved{back}
					</span>
				)}
				{data !== null && data.keys > 0 && (
					<span className="text-muted" title="Estimated from what the shards held at the start">
						about {formatCount(data.keysMoved)} of {formatCount(data.keys)} keys (
						{formatBytes(data.bytesMoved)} of {formatBytes(data.bytes)})
					</span>
				)}
				<TimeLeft until={operation.estimatedEndAt} />
				{cancellable && <CancelButton name={name} />}
			</div>
		</div>
	);
}

function TimeLeft({ until }: { until: string | null }) {
	const nowMs = useNow();
	if (until === null || nowMs === null) return null;
	const leftMs = Math.max(0, Date.parse(until) - nowMs);
	return (
		<span aria-live="off" className="text-muted">
			about {formatDuration(leftMs)} left
		</span>
	);
}

function CancelButton({ name }: { name: string }) {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	const cancel = useMutation(
		trpc.caches.cancelOperation.mutationOptions({
			onSuccess: (cache) => {
				noteChange(name);
				queryClient.setQueryData(trpc.caches.get.queryKey({ name }), cache);
			},
		}),
	);
	return (
		<span className="ml-auto flex flex-col items-end gap-2">
			<ForAdministrators>
				<Button
					variant="outline"
					size="sm"
					isPending={cancel.isPending}
					onPress={() => cancel.mutate({ name })}
				>
					Cancel change
				</Button>
			</ForAdministrators>
			{cancel.isError && <ProblemBanner title="The change wasn't canceled" error={cancel.error} />}
		</span>
	);
}
