"use client";

import { toast } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { NodeType } from "../../../server/contract/node-type.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ConfirmDialog } from "../../_ui/confirm-dialog.tsx";

interface DeleteNodeTypeDialogProps {
	type: NodeType;
	onClose: () => void;
}

/** Mounted while it is open. */
export function DeleteNodeTypeDialog({ type, onClose }: DeleteNodeTypeDialogProps) {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	const remove = useMutation(
		trpc.nodeTypes.delete.mutationOptions({
			onSuccess: async () => {
				await queryClient.invalidateQueries({ queryKey: trpc.nodeTypes.list.queryKey() });
				toast.success(`Node type ${type.name} was deleted`);
				onClose();
			},
		}),
	);
	return (
		<ConfirmDialog
			title={`Delete ${type.name}?`}
			confirm="Delete node type"
			cancel="Keep it"
			isDanger
			failure="The node type wasn't deleted"
			change={remove}
			onConfirm={() => remove.mutate({ name: type.name })}
			onClose={onClose}
		>
			<p>New caches can no longer use it. You can't delete it while a cache uses it.</p>
		</ConfirmDialog>
	);
}
