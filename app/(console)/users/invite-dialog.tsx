"use client";

import { Button } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link2 } from "lucide-react";
import { type SubmitEvent, useId, useState } from "react";
import type { Role } from "../../../server/contract/access.ts";
import { INVITE_DAYS, inviteUserInputSchema, type User } from "../../../server/contract/user.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { asSentence, firstIssues } from "../../_lib/form-issues.ts";
import { ROLE_NAMES } from "../../_lib/roles.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ChoiceCard } from "../../_ui/choice-card.tsx";
import { CodeBlock } from "../../_ui/code-block.tsx";
import { Dialog } from "../../_ui/dialog.tsx";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { Banner, ProblemBanner } from "../../_ui/notices.tsx";

const ROLES = [
	{
		value: "viewer",
		detail: "Sees everything but secrets, and changes nothing.",
	},
	{
		value: "administrator",
		detail: "Does everything, users and passwords included.",
	},
] as const;

interface InviteDialogProps {
	/** Whose link is made anew; null for a new user. */
	user: User | null;
	onClose: () => void;
}

/** Makes the link with which one person gets in. Mounted while it is open. */
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
			title={invited === undefined ? "Invite a user" : `Link for ${invited.email}`}
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
				<ProblemBanner title="No link was created" error={invite.error} />
			)}
			{invited === undefined ? (
				<form id={formId} onSubmit={submit} noValidate className="flex flex-col gap-4">
					<FormTextField
						label="E-mail"
						name="email"
						type="email"
						value={email}
						onChange={setEmail}
						autoFocus
						autoComplete="off"
						hint="The person signs in with it. Larder sends no mail."
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
				<>
					<Banner tone="warning" icon={Link2} title="Copy the link now, and pass it on">
						Whoever opens it first becomes {invited.email}. It works once, for {INVITE_DAYS} days,
						and is shown only now.
					</Banner>
					<CodeBlock code={invited.link} copyLabel="Copy link" wrap />
				</>
			)}
		</Dialog>
	);
}
