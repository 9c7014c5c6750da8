"use client";

import { toast } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import type { ParameterGroup } from "../../../../server/contract/parameter-group.ts";
import { plural } from "../../../_lib/format/count.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { ConfirmDialog } from "../../../_ui/confirm-dialog.tsx";
import { UsedBy } from "../group-columns.tsx";
import { useGroupChange } from "./use-group-change.ts";

interface GroupDialogProps {
	group: ParameterGroup;
	onClose: () => void;
}

/** Mounted while it is open. */
export function ResetGroupDialog(props: GroupDialogProps & { changed: number }) {
	const { group, changed, onClose } = props;
	const { reset } = useGroupChange(group.name);
	return (
		<ConfirmDialog
			title={`Reset all values in ${group.name}?`}
			confirm="Reset all"
			cancel="Keep them"
			failure="Nothing was reset"
			change={reset}
			onConfirm={() => reset.mutate({ name: group.name }, { onSuccess: onClose })}
			onClose={onClose}
		>
			<p>
				{plural(changed, "value")} set in this group {changed === 1 ? "returns" : "return"} to the
				family's default in every cache that uses the group. Used by:{" "}
				<UsedBy caches={group.caches} />
			</p>
		</ConfirmDialog>
	);
}

/** Mounted while it is open. */
export function DeleteGroupDialog({ group, onClose }: GroupDialogProps) {
	const trpc = useTRPC();
	const router = useRouter();
	const queryClient = useQueryClient();
	const remove = useMutation(
		trpc.parameterGroups.delete.mutationOptions({
			onSuccess: () => {
				void queryClient.invalidateQueries({ queryKey: trpc.parameterGroups.list.queryKey() });
				toast.success(`Parameter group ${group.name} was deleted`);
				router.push("/parameter-groups");
			},
		}),
	);
	const isUsed = group.caches.length > 0;
	return (
		<ConfirmDialog
			title={`Delete ${group.name}?`}
			confirm="Delete parameter group"
			cancel="Keep it"
			isDanger
			isObstructed={isUsed}
			failure="The parameter group wasn't deleted"
			change={remove}
			onConfirm={() => remove.mutate({ name: group.name })}
			onClose={onClose}
		>
			{isUsed ? (
				<p>
					You can't delete it while caches use it: <UsedBy caches={group.caches} />. First choose
					another group for each of them: on the cache's page, under Actions, Modify.
				</p>
			) : (
				<p>No cache uses it. You can't undo this.</p>
			)}
		</ConfirmDialog>
	);
}
