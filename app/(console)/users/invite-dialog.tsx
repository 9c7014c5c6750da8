"use client";

import { Button } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useId, useState } from "react";
import type { Role } from "../../../server/contract/access.ts";
import { INVITE_DAYS, inviteUserInputSchema, type User } from "../../../server/contract/user.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { asSentence, firstIssues } from "../../_lib/form-issues.ts";
import { ROLE_NAMES } from "../../_lib/roles.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ChoiceCard } from "../../_ui/choice-card.tsx";
import { Dialog } from "../../_ui/dialog.tsx";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";
import { LinkToPassOn } from "./link-to-pass-on.tsx";

const ROLES = [
	{
		value: "viewer",
		detail: "Can see everything except secrets. Can't change anything.",
	},
	{
		value: "administrator",
		detail: "Can do everything, including managing users and revealing passwords.",
	},
] as const;

interface InviteDialogProps {
	/** The user who gets a new link; null for a new user. */
	user: User | null;
	onClose: () => void;
}

/** Creates the link with which a person joins. Mounted while it is open. */
export function InviteDialog({ user, onClose }: InviteDialogProps) {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	const formId = useId();
	const [email, setEmail] = useState(user?.email ?? "");
	const [role, setRole] = useState<Role>(user?.role ?? "viewer");
	const [problem, setProblem] = useState<string | undefined>();
	const invite = useMutation(
		trpc.users.invite.mutationOptions({
			gcTime: 0,
			onSuccess: () => queryClient.invalidateQueries({ queryKey: trpc.users.list.queryKey() }),
			onError: (error) => {
				const { field, message } = toApiProblem(error);
				if (field === "email") setProblem(asSentence(message));
			},
		}),
	);
	const submit = (event: SubmitEvent<HTMLFormElement>) => {
		event.preventDefault();
		const parsed = inviteUserInputSchema.safeParse({ email: email.trim(), role });
		const issue = firstIssues(parsed.error).get("email");
		setProblem(issue === undefined ? undefined : asSentence(issue));
		if (parsed.success) invite.mutate(parsed.data);
	};
	const invited = invite.data;
	return (
		<Dialog
			onClose={onClose}
			isDismissable={invited === undefined}
			title={invited === undefined ? "Invite a user" : `Invitation link for ${invited.email}`}
			footer={
				invited === undefined ? (
					<>
						<Button variant="outline" onPress={onClose}>
							Cancel
						</Button>
						<Button type="submit" form={formId} isPending={invite.isPending}>
							Create link
						</Button>
					</>
				) : (
					<Button onPress={onClose}>Done</Button>
				)
			}
		>
			{invite.isError && problem === undefined && (
				<ProblemBanner title="The link wasn't created" error={invite.error} />
			)}
			{invited === undefined ? (
				<form id={formId} onSubmit={submit} noValidate className="flex flex-col gap-4">
					<FormTextField
						label="Email"
						name="email"
						type="email"
						value={email}
						onChange={setEmail}
						autoFocus
						autoComplete="off"
						hint="The person signs in with it. Larder doesn't send email."
						error={problem}
					/>
					<fieldset>
						<legend className="mb-1.5 text-sm font-medium">Role</legend>
						<div className="grid gap-3 sm:grid-cols-2">
							{ROLES.map(({ value, detail }) => (
								<ChoiceCard
									key={value}
									name="role"
									value={value}
									isChosen={role === value}
									onChoose={() => setRole(value)}
									title={ROLE_NAMES[value]}
								>
									{detail}
								</ChoiceCard>
							))}
						</div>
					</fieldset>
				</form>
			) : (
				<LinkToPassOn link={invited.link}>
					Anyone who has the link can set the password of {invited.email}. It works once, within{" "}
					{INVITE_DAYS} days.
				</LinkToPassOn>
			)}
		</Dialog>
	);
}
