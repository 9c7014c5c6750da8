"use client";

import { ChevronDown } from "lucide-react";
import type { Cache } from "../../../../../server/contract/cache-view.ts";
import { LIMITS } from "../../../../../server/contract/limits.ts";
import { asSentence } from "../../../../_lib/form-issues.ts";
import { plural } from "../../../../_lib/format/count.ts";
import { FieldMessage } from "../../../../_ui/form-fields.tsx";
import { StepperField } from "../../../../_ui/stepper-field.tsx";
import { shardTitle } from "../slot-moves.tsx";
import { type ModifyDraft, replicasIn } from "./modification.ts";

interface ShardReplicasFieldProps {
	cache: Cache;
	draft: ModifyDraft;
	set(change: Partial<ModifyDraft>): void;
	error: string | undefined;
}

/** Numbers of replicas for individual shards. The others follow the number for all shards. */
export function ShardReplicasField({ cache, draft, set, error }: ShardReplicasFieldProps) {
	const own = Object.keys(draft.shardReplicas).length;
	const choose = (shard: string, replicas: number) => {
		const { [shard]: _, ...others } = draft.shardReplicas;
		const isCommon = replicas === draft.replicasPerShard;
		set({ shardReplicas: isCommon ? others : { ...others, [shard]: replicas } });
	};
	return (
		<details className="group rounded-xl border border-border px-3.5 py-2.5">
			<summary className="flex cursor-pointer list-none items-center gap-2 [&::-webkit-details-marker]:hidden">
				<span className="font-medium">Replicas by shard</span>
				<span className="text-[0.8125rem] text-muted">
					{own === 0
						? "all the same"
						: `${plural(own, "shard")} ${own === 1 ? "differs" : "differ"}`}
				</span>
				<ChevronDown
					aria-hidden
					className="ml-auto size-4 shrink-0 text-muted transition-transform group-open:rotate-180"
				/>
			</summary>
			<div className="-mx-1 mt-2 grid max-h-72 grid-cols-2 gap-3 overflow-y-auto p-1">
				{cache.shards.map(({ id }) => (
					<StepperField
						key={id}
						label={shardTitle(id)}
						name={`replicas-${id}`}
						value={replicasIn(draft, id)}
						min={0}
						max={LIMITS.replicasPerShardMax}
						onChange={(replicas) => choose(id, replicas)}
					/>
				))}
			</div>
			{error !== undefined && <FieldMessage>{asSentence(error)}</FieldMessage>}
		</details>
	);
}
