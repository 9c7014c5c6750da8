"use client";

import { useMutation } from "@tanstack/react-query";
import { useSearchParams } from "next/navigation";
import { useEffect } from "react";
import { resetPasswordInputSchema } from "../../../server/contract/user.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ChoosePasswordForm } from "../choose-password-form.tsx";
import { LinkGate } from "../link-gate.tsx";

const TITLE = "Set a new password";

/** Where a password-reset link leads. */
export function ResetPasswordPage() {
	const trpc = useTRPC();
	const token = useSearchParams().get("token") ?? "";
	const { mutate: look, ...reset } = useMutation(trpc.account.passwordReset.mutationOptions());
	useEffect(() => {
		if (token !== "") look({ resetToken: token });
	}, [token, look]);
	return (
		<LinkGate title={TITLE} ended="This link no longer works" token={token} link={reset}>
			{({ email }) => <NewPasswordForm token={token} email={email} />}
		</LinkGate>
	);
}

function NewPasswordForm({ token, email }: { token: string; email: string }) {
	const trpc = useTRPC();
	const store = useMutation(trpc.account.resetPassword.mutationOptions({ gcTime: 0 }));
	return (
		<ChoosePasswordForm
			title={TITLE}
			description={
				<>
					For <strong className="text-foreground">{email}</strong>. A new password signs you out of
					all other browsers. Your API tokens keep working.
				</>
			}
			email={email}
			asksName={false}
			action="Set password and sign in"
			pending="Signing in…"
			failure="The password wasn't changed"
			parse={({ password }) => resetPasswordInputSchema.safeParse({ password, resetToken: token })}
			store={store}
		/>
	);
}
