"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { snapshotNameSchema } from "../../../server/contract/cache.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { asSentence } from "../../_lib/form-issues.ts";
import { addPendingSnapshot } from "../../_lib/pending-work.ts";
import { randomId } from "../../_lib/random-id.ts";
import { serverNow } from "../../_lib/server-clock.ts";
import { useTRPCClient } from "../../_lib/trpc.ts";
import { FormDialog } from "../../_ui/form-dialog.tsx";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";
import { CacheField } from "../caches/cache-field.tsx";
import { MEMCACHED_OBSTACLE, suggestedName } from "./snapshot-words.ts";
import { StoreField, useStores } from "./store-field.tsx";
import { useSnapshotChanged } from "./use-snapshot-changed.ts";

interface CreateSnapshotDialogProps {
	/** If absent, the user chooses one. */
	cache?: string;
	onClose: () => void;
}

/** Takes a snapshot of a cache, under a name that is filled in. Mounted while it is open. */
export function CreateSnapshotDialog({ cache: given, onClose }: CreateSnapshotDialogProps) {
	const client = useTRPCClient();
	const onChanged = useSnapshotChanged();
	const [cache, setCache] = useState(given ?? "");
	/** Null while it follows the cache's name. */
	const [typed, setTyped] = useState<string | null>(null);
	const [store, setStore] = useState("");
	const usualStore = useStores().find(({ isDefault }) => isDefault)?.name;
	const [openedAt] = useState(() => new Date(serverNow()));
	const name = (typed ?? (cache === "" ? "" : suggestedName(cache, openedAt))).trim();
	const [sent, setSent] = useState({ name: "", cache: "", store: "", key: "" });
	const create = useMutation({
		mutationFn: ({ key, store: chosen, ...input }: typeof sent) =>
			client.snapshots.create.mutate(
				{ ...input, ...(chosen === "" ? {} : { store: chosen }) },
				{ context: { idempotencyKey: key } },
			),
		onSuccess: (snapshot) => {
			addPendingSnapshot(snapshot.name, snapshot.cache);
			onChanged();
			onClose();
		},
	});
	const issue =
		name === "" ? undefined : snapshotNameSchema.safeParse(name).error?.issues[0]?.message;
	const problem = create.isError ? toApiProblem(create.error) : null;
	const isSame = sent.name === name && sent.cache === cache && sent.store === store;
	const refusedAt = (field: string) =>
		problem?.field === field && isSame ? asSentence(problem.message) : undefined;
	const isAtField =
		problem?.field === "name" || (problem?.field === "cache" && given === undefined);
	return (
		<FormDialog
			onClose={onClose}
			title={given === undefined ? "Take a snapshot" : `Take a snapshot of ${given}`}
			action="Take snapshot"
			isDisabled={cache === "" || name === "" || issue !== undefined}
			isPending={create.isPending}
			onSubmit={() => {
				// Sending the same again is the same request, however the first attempt ended.
				const input = { name, cache, store, key: isSame ? sent.key : randomId() };
				setSent(input);
				create.mutate(input);
			}}
		>
			{problem !== null && !isAtField && (
				<ProblemBanner title="No snapshot was taken" error={create.error} />
			)}
			{given === undefined && (
				<CacheField
					value={cache}
					onChange={setCache}
					error={refusedAt("cache")}
					obstacleOf={({ engine }) => (engine === "memcached" ? MEMCACHED_OBSTACLE : null)}
				/>
			)}
			<FormTextField
				label="Name"
				name="name"
				value={typed ?? name}
				onChange={setTyped}
				autoFocus={given !== undefined}
				autoComplete="off"
				error={issue === undefined ? refusedAt("name") : asSentence(issue)}
				hint="Letters, digits and hyphens. You can rename it later."
			/>
			{usualStore !== undefined && (
				<StoreField value={store} onChange={setStore} usual={usualStore} />
			)}
			<p className="text-[0.8125rem] text-muted">
				Larder copies a replica in sync where there is one, so clients of the primary notice
				nothing. Each shard's data is as of one moment.
			</p>
		</FormDialog>
	);
}
