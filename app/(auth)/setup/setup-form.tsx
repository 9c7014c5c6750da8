"use client";

import { useMutation } from "@tanstack/react-query";
import { useSearchParams } from "next/navigation";
import { useState } from "react";
import { createAdministratorInputSchema } from "../../../server/contract/account.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ButtonLink } from "../../_ui/button-link.tsx";
import { useSetupStatus } from "../../_ui/shell/session-gate.tsx";
import { AuthCard } from "../auth-card.tsx";
import { ChoosePasswordForm } from "../choose-password-form.tsx";
import { SignInProblem } from "../sign-in-problem.tsx";

export function SetupForm() {
	const token = useSearchParams().get("token") ?? "";
	const setup = useSetupStatus();
	const [isDone, setDone] = useState(false);
	if (setup !== null && setup.signInProblem !== null) {
		return <SignInProblem problem={setup.signInProblem} />;
	}
	if (setup?.required === false && !isDone) {
		return (
			<AuthCard
				title="Larder is set up"
				description="An administrator already exists, so this link no longer works."
			>
				<ButtonLink href="/login" className="w-full">
					Sign in
				</ButtonLink>
			</AuthCard>
		);
	}
	if (token === "") {
		return (
			<AuthCard
				title="The setup link is incomplete"
				description="Copy the whole link that the control plane printed when it started, including everything after “token=”."
			>
				<span />
			</AuthCard>
		);
	}
	return <AdministratorForm token={token} onDone={() => setDone(true)} />;
}

function AdministratorForm({ token, onDone }: { token: string; onDone: () => void }) {
	const trpc = useTRPC();
	const create = useMutation(trpc.account.createAdministrator.mutationOptions({ gcTime: 0 }));
	return (
		<ChoosePasswordForm
			title="Create the administrator"
			description="This is the control plane's first account. It can do everything."
			email={null}
			action="Create administrator"
			pending="Creating…"
			failure="The account couldn't be created"
			parse={(values) => createAdministratorInputSchema.safeParse({ ...values, setupToken: token })}
			store={create}
			onDone={onDone}
		/>
	);
}
