"use client";

import { toast } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { JoinToken } from "../../../server/contract/host.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ConfirmDialog } from "../../_ui/confirm-dialog.tsx";

interface RevokeJoinTokenDialogProps {
	token: JoinToken;
	onClose: () => void;
}

/** Mounted while it is open. */
export function RevokeJoinTokenDialog({ token, onClose }: RevokeJoinTokenDialogProps) {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	const revoke = useMutation(
		trpc.hosts.revokeJoinToken.mutationOptions({
			onSuccess: async () => {
				await queryClient.invalidateQueries({ queryKey: trpc.hosts.listJoinTokens.queryKey() });
				toast.success("The join token was revoked");
				onClose();
			},
		}),
	);
	return (
		<ConfirmDialog
			title="Revoke this join token?"
			confirm="Revoke token"
			cancel="Keep it"
			isDanger
			failure="The token wasn't revoked"
			change={revoke}
			onConfirm={() => revoke.mutate({ id: token.id })}
			onClose={onClose}
		>
			<p>
				Hosts can no longer join with <code className="font-mono">{token.prefix}…</code>. Hosts that
				already joined with it stay in the fleet.
			</p>
		</ConfirmDialog>
	);
}
