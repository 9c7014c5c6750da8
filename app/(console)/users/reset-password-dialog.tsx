"use client";

import { Button } from "@heroui/react";
import { useMutation } from "@tanstack/react-query";
import { RESET_HOURS, type User } from "../../../server/contract/user.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ConfirmDialog } from "../../_ui/confirm-dialog.tsx";
import { Dialog } from "../../_ui/dialog.tsx";
import { LinkToPassOn } from "./link-to-pass-on.tsx";

interface ResetPasswordDialogProps {
	user: User;
	onClose: () => void;
	onChanged: () => Promise<void>;
}

/** Creates the link with which a user who forgot the password sets a new one. Mounted while it is open. */
export function ResetPasswordDialog({ user, onClose, onChanged }: ResetPasswordDialogProps) {
	const trpc = useTRPC();
	const create = useMutation(
		trpc.users.resetPassword.mutationOptions({ gcTime: 0, onSuccess: onChanged }),
	);
	if (create.data === undefined) {
		return (
			<ConfirmDialog
				title={`Reset the password of ${user.email}?`}
				confirm="Create link"
				failure="The link wasn't created"
				change={create}
				onConfirm={() => create.mutate({ user: user.id })}
				onClose={onClose}
			>
				<p>
					Larder creates a link that lets the user set a new password. Until the user does so, the
					current password keeps working. Using the link signs the user out everywhere; API tokens
					keep working.
				</p>
				{user.resetExpiresAt !== null && <p>The link that was created earlier stops working.</p>}
			</ConfirmDialog>
		);
	}
	return (
		<Dialog
			onClose={onClose}
			isDismissable={false}
			title={`Password-reset link for ${user.email}`}
			footer={<Button onPress={onClose}>Done</Button>}
		>
			<LinkToPassOn link={create.data.link}>
				Anyone who has the link can set the password of {user.email}. It works once, within{" "}
				{RESET_HOURS} hours.
			</LinkToPassOn>
		</Dialog>
	);
}
