"use client";

import { useMutation } from "@tanstack/react-query";
import { useSearchParams } from "next/navigation";
import { useEffect } from "react";
import type { Role } from "../../../server/contract/access.ts";
import { acceptInvitationInputSchema } from "../../../server/contract/user.ts";
import { VIEWERS_MAY } from "../../_lib/roles.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ChoosePasswordForm } from "../choose-password-form.tsx";
import { LinkGate } from "../link-gate.tsx";

const TITLE = "Accept the invitation";

/** Where an invitation's link leads. */
export function InvitePage() {
	const trpc = useTRPC();
	const token = useSearchParams().get("token") ?? "";
	const { mutate: look, ...invitation } = useMutation(trpc.account.invitation.mutationOptions());
	useEffect(() => {
		if (token !== "") look({ inviteToken: token });
	}, [token, look]);
	return (
		<LinkGate title={TITLE} ended="This invitation no longer works" token={token} link={invitation}>
			{({ email, role }) => <AcceptForm token={token} email={email} role={role} />}
		</LinkGate>
	);
}

function AcceptForm({ token, email, role }: { token: string; email: string; role: Role }) {
	const trpc = useTRPC();
	const accept = useMutation(trpc.account.acceptInvitation.mutationOptions({ gcTime: 0 }));
	return (
		<ChoosePasswordForm
			title={TITLE}
			description={
				<>
					You will sign in as <strong className="text-foreground">{email}</strong>,{" "}
					{role === "administrator"
						? "an administrator. Administrators can do everything."
						: `a viewer. ${VIEWERS_MAY}`}
				</>
			}
			email={email}
			action="Accept and sign in"
			pending="Signing in…"
			failure="The invitation wasn't accepted"
			parse={({ name, password }) =>
				acceptInvitationInputSchema.safeParse({ name, password, inviteToken: token })
			}
			store={accept}
		/>
	);
}
