"use client";

import { Button, toast } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import type { ParameterGroup } from "../../../../server/contract/parameter-group.ts";
import { plural } from "../../../_lib/format/count.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { Dialog } from "../../../_ui/dialog.tsx";
import { ProblemBanner } from "../../../_ui/notices.tsx";
import { UsedBy } from "../group-columns.tsx";
import { useGroupChange } from "./use-group-change.ts";

interface GroupDialogProps {
	group: ParameterGroup;
	isOpen: boolean;
	onOpenChange: (isOpen: boolean) => void;
}

export function ResetGroupDialog(props: GroupDialogProps & { changed: number }) {
	const { group, changed, isOpen, onOpenChange } = props;
	const { reset } = useGroupChange(group.name);
	const close = () => {
		onOpenChange(false);
		reset.reset();
	};
	return (
		<Dialog
			isOpen={isOpen}
			onOpenChange={(open) => !open && close()}
			title={`Reset all of ${group.name}?`}
			footer={
				<>
					<Button variant="outline" onPress={close}>
						Keep them
					</Button>
					<Button
						isPending={reset.isPending}
						onPress={() => reset.mutate({ name: group.name }, { onSuccess: close })}
					>
						Reset all
					</Button>
				</>
			}
		>
			{reset.isError && <ProblemBanner title="Nothing was reset" error={reset.error} />}
			<p>
				{plural(changed, "value")} set here {changed === 1 ? "goes" : "go"} back to the family's
				default, for every cache that uses the group: <UsedBy caches={group.caches} />.
			</p>
		</Dialog>
	);
}

export function DeleteGroupDialog({ group, isOpen, onOpenChange }: GroupDialogProps) {
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
	const close = () => {
		onOpenChange(false);
		remove.reset();
	};
	const isUsed = group.caches.length > 0;
	return (
		<Dialog
			isOpen={isOpen}
			onOpenChange={(open) => !open && close()}
			title={`Delete ${group.name}?`}
			footer={
				<>
					<Button variant="outline" onPress={close}>
						Keep it
					</Button>
					<Button
						variant="danger"
						isDisabled={isUsed}
						isPending={remove.isPending}
						onPress={() => remove.mutate({ name: group.name })}
					>
						Delete parameter group
					</Button>
				</>
			}
		>
			{remove.isError && (
				<ProblemBanner title="The parameter group wasn't deleted" error={remove.error} />
			)}
			{isUsed ? (
				<p>
					It can't be deleted while caches use it: <UsedBy caches={group.caches} />. Give them
					another group first, under Actions, Modify.
				</p>
			) : (
				<p>No cache uses it. Its values are gone for good.</p>
			)}
		</Dialog>
	);
}
