"use client";

import { Button } from "@heroui/react";
import { useQueryClient } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { useRouter, useSearchParams } from "next/navigation";
import { type SubmitEvent, useState } from "react";
import { authClient } from "../../_lib/auth-client.ts";
import { safeNextPath } from "../../_lib/next-path.ts";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { Banner } from "../../_ui/notices.tsx";
import { useSetupStatus } from "../../_ui/shell/session-gate.tsx";
import { AuthCard } from "../auth-card.tsx";
import { SignInProblem } from "../sign-in-problem.tsx";

/** What better-auth answered, in words that say what to do. */
function explain(error: { status: number; message?: string | undefined }): string {
	if (error.status === 429) return "Too many attempts. Wait a minute, then try again.";
	if (error.status === 401) return "The email address or password is incorrect.";
	if (error.status === 0 || error.status >= 500) {
		return "The control plane isn't responding properly. Try again in a moment.";
	}
	return error.message ?? "Sign-in failed.";
}

function ForgottenPassword() {
	return (
		<details className="group text-sm text-muted">
			<summary className="flex w-fit cursor-pointer list-none items-center gap-1 rounded-sm hover:text-foreground [&::-webkit-details-marker]:hidden">
				<ChevronRight aria-hidden className="size-3.5 group-open:rotate-90" />
				Forgot your password?
			</summary>
			<p className="mt-2">
				Ask an administrator for a password-reset link. They can create one under Users or with{" "}
				<code className="font-mono text-xs text-foreground">
					npx larder users reset-password &lt;email&gt;
				</code>
				. If you are the only administrator, run that command on the control plane's machine.
			</p>
		</details>
	);
}

export function LoginForm() {
	const router = useRouter();
	const params = useSearchParams();
	const queryClient = useQueryClient();
	const setup = useSetupStatus();
	const [email, setEmail] = useState("");
	const [password, setPassword] = useState("");
	const [problem, setProblem] = useState<string | null>(null);
	const [isPending, setPending] = useState(false);

	const submit = async (event: SubmitEvent<HTMLFormElement>) => {
		event.preventDefault();
		if (email.trim() === "" || password === "") {
			setProblem("Enter your email address and your password.");
			return;
		}
		setPending(true);
		setProblem(null);
		try {
			const { error } = await authClient.signIn.email({ email: email.trim(), password });
			if (error === null) {
				queryClient.clear();
				router.replace(safeNextPath(params.get("next")));
				return;
			}
			setProblem(explain(error));
		} catch {
			setProblem(explain({ status: 0 }));
		}
		setPending(false);
	};

	if (setup !== null && setup.signInProblem !== null) {
		return <SignInProblem problem={setup.signInProblem} />;
	}
	if (setup?.required === true) {
		return (
			<AuthCard
				title="Set up Larder first"
				description="No administrator exists yet. To create one, open the one-time link that the control plane printed when it started."
			>
				<p className="text-sm text-muted">
					It looks like this:{" "}
					<code className="font-mono text-xs break-all text-foreground">
						{typeof window === "undefined" ? "" : window.location.origin}/setup?token=…
					</code>
				</p>
			</AuthCard>
		);
	}
	return (
		<AuthCard title="Sign in">
			<form onSubmit={submit} noValidate className="flex flex-col gap-4">
				{problem !== null && (
					<Banner tone="danger" alerts>
						{problem}
					</Banner>
				)}
				<FormTextField
					label="Email"
					name="email"
					type="email"
					autoComplete="username"
					autoFocus
					value={email}
					onChange={setEmail}
				/>
				<FormTextField
					label="Password"
					name="password"
					type="password"
					autoComplete="current-password"
					value={password}
					onChange={setPassword}
				/>
				<Button type="submit" fullWidth isPending={isPending} className="mt-1">
					{isPending ? "Signing in…" : "Sign in"}
				</Button>
				<ForgottenPassword />
			</form>
		</AuthCard>
	);
}
