"use client";

import { useMutation } from "@tanstack/react-query";
import { useSearchParams } from "next/navigation";
import { useEffect } from "react";
import type { Role } from "../../../server/contract/access.ts";
import { acceptInvitationInputSchema } from "../../../server/contract/user.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { VIEWERS_MAY } from "../../_lib/roles.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ButtonLink } from "../../_ui/button-link.tsx";
import { useSetupStatus } from "../../_ui/shell/session-gate.tsx";
import { BlockSkeleton } from "../../_ui/skeletons.tsx";
import { AuthCard } from "../auth-card.tsx";
import { NewAccountForm } from "../new-account-form.tsx";
import { SignInProblem } from "../sign-in-problem.tsx";

/** Where an invitation's link leads. */
export function InvitePage() {
	const trpc = useTRPC();
	const token = useSearchParams().get("token") ?? "";
	const setup = useSetupStatus();
	const { mutate: look, ...invitation } = useMutation(trpc.account.invitation.mutationOptions());
	useEffect(() => {
		if (token !== "") look({ inviteToken: token });
	}, [token, look]);
	if (setup !== null && setup.signInProblem !== null) {
		return <SignInProblem problem={setup.signInProblem} />;
	}
	if (token === "" || invitation.isError) {
		return (
			<AuthCard
				title="This invitation isn't good any more"
				description={
					token === ""
						? "The link is incomplete. Open it just as you were given it, with everything after “token=”."
						: toApiProblem(invitation.error).message
				}
			>
				<ButtonLink href="/login" className="w-full">
					Sign in
				</ButtonLink>
			</AuthCard>
		);
	}
	if (invitation.data === undefined) {
		return (
			<AuthCard title="Accept the invitation">
				<BlockSkeleton className="h-56" label="Loading the invitation" />
			</AuthCard>
		);
	}
	return <AcceptForm token={token} {...invitation.data} />;
}

function AcceptForm({ token, email, role }: { token: string; email: string; role: Role }) {
	const trpc = useTRPC();
	const accept = useMutation(trpc.account.acceptInvitation.mutationOptions({ gcTime: 0 }));
	return (
		<NewAccountForm
			title="Accept the invitation"
			description={
				<>
					You will sign in as <strong className="text-foreground">{email}</strong>,{" "}
					{role === "administrator"
						? "an administrator: you do everything."
						: `a viewer: ${VIEWERS_MAY}`}
				</>
			}
			email={email}
			action="Accept and sign in"
			pending="Signing in…"
			failure="The invitation wasn't accepted"
			parse={({ name, password }) =>
				acceptInvitationInputSchema.safeParse({ name, password, inviteToken: token })
			}
			create={accept}
		/>
	);
}
