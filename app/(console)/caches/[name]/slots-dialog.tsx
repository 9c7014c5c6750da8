"use client";

import { toast } from "@heroui/react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { slotsProblem } from "../../../../server/contract/cache-shape.ts";
import type { Cache } from "../../../../server/contract/cache-view.ts";
import { LIMITS } from "../../../../server/contract/limits.ts";
import { asSentence } from "../../../_lib/form-issues.ts";
import { noteChange } from "../../../_lib/fresh-changes.ts";
import { randomId } from "../../../_lib/random-id.ts";
import { useTRPC, useTRPCClient } from "../../../_lib/trpc.ts";
import { useSettled } from "../../../_lib/use-settled.ts";
import { FormDialog } from "../../../_ui/form-dialog.tsx";
import { FormTextField } from "../../../_ui/form-fields.tsx";
import { ProblemBanner } from "../../../_ui/notices.tsx";
import { Segmented } from "../../../_ui/segmented.tsx";
import { ChangeSteps, PREVIEW_OPTIONS } from "./shape-preview.tsx";

const SPREADS = [
	{ value: "slots", label: "Evenly, by number" },
	{ value: "bytes", label: "Evenly, by data" },
	{ value: "hand", label: "By hand" },
] as const;
type Spread = (typeof SPREADS)[number]["value"];

const HINTS: Record<Exclude<Spread, "hand">, string> = {
	slots: "Each shard gets the same number of slots. As few slots as possible move.",
	bytes:
		"Each shard gets about the same amount of data, assuming that a shard's data is spread evenly over its slots.",
};
const TYPING_PAUSE_MS = 400;
const ROWS_MAX = 12;

/** Spreads a cluster's slots, or sets them by hand, and shows what that does. Mounted while it is open. */
export function SlotsDialog({ cache, onClose }: { cache: Cache; onClose: () => void }) {
	const { name } = cache;
	const [spread, setSpread] = useState<Spread>("slots");
	const [text, setText] = useState(() => cache.shards.map(({ slots }) => slots ?? "").join("\n"));
	const trpc = useTRPC();
	const client = useTRPCClient();
	const queryClient = useQueryClient();
	const slots = text.trim().split(/\s*\n\s*/);
	const problem = spread === "hand" ? slotsProblem(slots, cache.shards.length) : null;
	const request = useSettled(
		JSON.stringify(spread === "hand" ? { slots } : { weightBy: spread }),
		TYPING_PAUSE_MS,
	);
	const preview = useQuery({
		...trpc.caches.previewSlots.queryOptions({ name, ...JSON.parse(request) }, PREVIEW_OPTIONS),
		enabled: problem === null,
	});
	const move = useMutation({
		mutationFn: () => {
			const once = { context: { idempotencyKey: randomId() } };
			return spread === "hand"
				? client.caches.setSlots.mutate({ name, slots }, once)
				: client.caches.rebalance.mutate({ name, weightBy: spread }, once);
		},
		onSuccess: (changed) => {
			noteChange(name);
			queryClient.setQueryData(trpc.caches.get.queryKey({ name }), changed);
			void queryClient.invalidateQueries({ queryKey: trpc.caches.list.queryKey() });
			toast.success(`Slots of ${name} are being moved`);
			onClose();
		},
	});
	const movesNothing = preview.data?.steps.length === 0 && preview.data.problems.length === 0;
	return (
		<FormDialog
			onClose={onClose}
			title={`Move slots of ${name}`}
			size="md"
			action="Move slots"
			isDisabled={problem !== null || (preview.data?.steps.length ?? 0) === 0}
			isPending={move.isPending}
			onSubmit={() => move.mutate()}
		>
			{move.isError && <ProblemBanner title="No slots were moved" error={move.error} />}
			<p className="text-[0.8125rem]">
				Keys move with their slots while the cache keeps serving. You can cancel the move until all
				slots have moved.
			</p>
			<Segmented
				label="How to spread slots"
				value={spread}
				options={SPREADS}
				onChange={setSpread}
			/>
			{spread === "hand" ? (
				<FormTextField
					label="Slots of each shard"
					name="slots"
					isMultiline
					isMonospace
					rows={Math.min(cache.shards.length, ROWS_MAX)}
					value={text}
					onChange={setText}
					error={problem === null ? undefined : asSentence(problem)}
					hint={
						<span>
							One line per shard, in order, such as{" "}
							<span className="whitespace-nowrap">0-5460</span> or{" "}
							<span className="whitespace-nowrap">0-100,200-300</span>. Together they must cover all{" "}
							{LIMITS.clusterSlots.toLocaleString("en-US")} slots, each once.
						</span>
					}
				/>
			) : (
				<p className="text-xs text-muted">{HINTS[spread]}</p>
			)}
			{problem === null && <ChangeSteps preview={preview.data} error={preview.error} />}
			{problem === null && movesNothing && (
				<p className="text-[0.8125rem] text-muted">The slots are already spread like this.</p>
			)}
		</FormDialog>
	);
}
