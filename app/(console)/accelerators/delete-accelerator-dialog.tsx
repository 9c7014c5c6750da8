"use client";

import { toast } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useTRPC } from "../../_lib/trpc.ts";
import { ProblemBanner } from "../../_ui/notices.tsx";
import { TypedConfirmationDialog } from "../../_ui/typed-confirmation-dialog.tsx";

interface DeleteAcceleratorDialogProps {
	name: string;
	onClose: () => void;
}

/** Mounted while it is open. */
export function DeleteAcceleratorDialog({ name, onClose }: DeleteAcceleratorDialogProps) {
	const trpc = useTRPC();
	const router = useRouter();
	const queryClient = useQueryClient();
	const remove = useMutation(
		trpc.accelerators.delete.mutationOptions({
			onSuccess: async () => {
				await queryClient.invalidateQueries({ queryKey: trpc.accelerators.list.queryKey() });
				toast.success(`Accelerator ${name} was deleted`);
				router.push("/accelerators");
			},
		}),
	);
	return (
		<TypedConfirmationDialog
			title={`Delete ${name}?`}
			name={name}
			action="Delete accelerator"
			isPending={remove.isPending}
			onConfirm={() => remove.mutate({ name })}
			onClose={onClose}
		>
			{remove.isError && (
				<ProblemBanner title="The accelerator wasn't deleted" error={remove.error} />
			)}
			<p>
				Its endpoint closes, and clients that still use it fail. Its cache and the tables behind it
				stay as they are.
			</p>
		</TypedConfirmationDialog>
	);
}
