"use client";

import { toast } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ApiToken } from "../../../server/contract/token.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ConfirmDialog } from "../../_ui/confirm-dialog.tsx";
import { Time } from "../../_ui/time.tsx";

interface RevokeTokenDialogProps {
	token: ApiToken;
	onClose: () => void;
}

/** Mounted while it is open. */
export function RevokeTokenDialog({ token, onClose }: RevokeTokenDialogProps) {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	const revoke = useMutation(
		trpc.tokens.revoke.mutationOptions({
			onSuccess: async () => {
				await queryClient.invalidateQueries({ queryKey: trpc.tokens.list.queryKey() });
				toast.success(`Token ${token.name} was revoked`);
				onClose();
			},
		}),
	);
	return (
		<ConfirmDialog
			title={`Revoke ${token.name}?`}
			confirm="Revoke token"
			cancel="Keep it"
			isDanger
			failure="The token wasn't revoked"
			change={revoke}
			onConfirm={() => revoke.mutate({ id: token.id })}
			onClose={onClose}
		>
			<p>
				Programs that still use <code className="font-mono">{token.prefix}…</code> lose access
				immediately. You can't undo this.
			</p>
			<p className="text-muted">
				Last used:{" "}
				{token.lastUsedAt === null ? "never" : <Time value={token.lastUsedAt} look="relative" />}
			</p>
		</ConfirmDialog>
	);
}
