"use client";

import { toast } from "@heroui/react";
import { useMutation } from "@tanstack/react-query";
import type { User } from "../../../server/contract/user.ts";
import { plural } from "../../_lib/format/count.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ConfirmDialog } from "../../_ui/confirm-dialog.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";
import { TypedConfirmationDialog } from "../../_ui/typed-confirmation-dialog.tsx";
import { isInvitation } from "./user-actions.ts";

interface UserDialogProps {
	user: User;
	onClose: () => void;
	/** The user was changed or is gone. */
	onChanged: () => Promise<void>;
}

/** What happens to the user's API tokens, as another sentence; empty if the user has none. */
function tokensStop({ tokens }: User, how: string): string {
	if (tokens === 0) return "";
	return ` The user's ${plural(tokens, "API token")} ${tokens === 1 ? "stops" : "stop"} ${how}.`;
}

/** Mounted while it is open. */
export function DisableUserDialog({ user, onClose, onChanged }: UserDialogProps) {
	const trpc = useTRPC();
	const disable = useMutation(
		trpc.users.modify.mutationOptions({
			onSuccess: async () => {
				await onChanged();
				toast.success(`${user.email} was disabled`);
				onClose();
			},
		}),
	);
	return (
		<ConfirmDialog
			title={`Disable ${user.email}?`}
			confirm="Disable user"
			isDanger
			failure="The user wasn't disabled"
			change={disable}
			onConfirm={() => disable.mutate({ user: user.id, disabled: true })}
			onClose={onClose}
		>
			<p>
				The user is immediately signed out everywhere and can't sign in.
				{tokensStop(user, "working")} Enable the user to undo this; the user then has to sign in
				again.
			</p>
		</ConfirmDialog>
	);
}

/** Mounted while it is open. */
export function DeleteUserDialog({ user, onClose, onChanged }: UserDialogProps) {
	const trpc = useTRPC();
	const remove = useMutation(
		trpc.users.delete.mutationOptions({
			onSuccess: async () => {
				await onChanged();
				toast.success(
					isInvitation(user)
						? `The invitation for ${user.email} was withdrawn`
						: `${user.email} was deleted`,
				);
				onClose();
			},
		}),
	);
	return (
		<TypedConfirmationDialog
			title={isInvitation(user) ? "Withdraw the invitation?" : `Delete ${user.email}?`}
			name={user.email}
			action={isInvitation(user) ? "Withdraw invitation" : "Delete user"}
			isPending={remove.isPending}
			onConfirm={() => remove.mutate({ user: user.id })}
			onClose={onClose}
		>
			{remove.isError && (
				<ProblemBanner
					title={isInvitation(user) ? "The invitation wasn't withdrawn" : "The user wasn't deleted"}
					error={remove.error}
				/>
			)}
			{isInvitation(user) ? (
				<p>The link stops working. You can invite the address again.</p>
			) : (
				<p>
					The user is immediately signed out everywhere.
					{tokensStop(user, "working for good")} Caches stay as they are, and the audit log keeps
					what the user did. You can't undo this.
				</p>
			)}
		</TypedConfirmationDialog>
	);
}
