"use client";

import { Button, toast } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { NodeType } from "../../../server/contract/node-type.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { Dialog } from "../../_ui/dialog.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";

interface DeleteNodeTypeDialogProps {
	/** null while closed. */
	type: NodeType | null;
	onClose: () => void;
}

export function DeleteNodeTypeDialog({ type, onClose }: DeleteNodeTypeDialogProps) {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	const close = () => {
		onClose();
		remove.reset();
	};
	const remove = useMutation(
		trpc.nodeTypes.delete.mutationOptions({
			onSuccess: async () => {
				await queryClient.invalidateQueries({ queryKey: trpc.nodeTypes.list.queryKey() });
				if (type !== null) toast.success(`Node type ${type.name} was deleted`);
				close();
			},
		}),
	);
	return (
		<Dialog
			isOpen={type !== null}
			onOpenChange={(isOpen) => !isOpen && close()}
			title={`Delete ${type?.name ?? ""}?`}
			footer={
				<>
					<Button variant="outline" onPress={close}>
						Keep it
					</Button>
					<Button
						variant="danger"
						isPending={remove.isPending}
						onPress={() => type !== null && remove.mutate({ name: type.name })}
					>
						Delete node type
					</Button>
				</>
			}
		>
			{remove.isError && (
				<ProblemBanner title="The node type wasn't deleted" error={remove.error} />
			)}
			<p>No new cache can be made with it. It can't be deleted while a cache uses it.</p>
		</Dialog>
	);
}
