"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "../../_lib/trpc.ts";
import { FormDialog } from "../../_ui/form-dialog.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";
import { type DraftTag, tagProblem, toDraftTags, toTagRecord } from "../caches/tags.ts";
import { TagsEditor } from "../caches/tags-editor.tsx";
import type { SnapshotDialogProps } from "./name-dialogs.tsx";
import { useSnapshotChanged } from "./use-snapshot-changed.ts";

/** Mounted while it is open. */
export function TagsDialog({ snapshot, onClose }: SnapshotDialogProps) {
	const trpc = useTRPC();
	const onChanged = useSnapshotChanged();
	const [tags, setTags] = useState<readonly DraftTag[]>(() => toDraftTags(snapshot.tags));
	const problem = tagProblem(tags);
	const modify = useMutation(
		trpc.snapshots.modify.mutationOptions({
			onSuccess: () => {
				onChanged();
				onClose();
			},
		}),
	);
	return (
		<FormDialog
			onClose={onClose}
			title={`Tags of ${snapshot.name}`}
			action="Save tags"
			isDisabled={problem !== null}
			isPending={modify.isPending}
			onSubmit={() => modify.mutate({ name: snapshot.name, tags: toTagRecord(tags) })}
		>
			{modify.isError && <ProblemBanner title="The tags weren't changed" error={modify.error} />}
			<TagsEditor tags={tags} onChange={setTags} error={problem ?? undefined} />
		</FormDialog>
	);
}
