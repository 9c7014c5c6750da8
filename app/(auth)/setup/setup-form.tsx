"use client";

import { Button } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearchParams } from "next/navigation";
import { type SubmitEvent, useState } from "react";
import { createAdministratorInputSchema } from "../../../server/contract/account.ts";
import { LIMITS } from "../../../server/contract/limits.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { authClient } from "../../_lib/auth-client.ts";
import { asSentence, firstIssues } from "../../_lib/form-issues.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ButtonLink } from "../../_ui/button-link.tsx";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";
import { useSetupRequired } from "../../_ui/shell/session-gate.tsx";
import { AuthCard } from "../auth-card.tsx";

type FieldName = "name" | "email" | "password" | "repeated";

const FIELDS = [
	{ name: "name", label: "Name", type: "text", autoComplete: "name", hint: undefined },
	{ name: "email", label: "E-mail", type: "email", autoComplete: "username", hint: undefined },
	{
		name: "password",
		label: "Password",
		type: "password",
		autoComplete: "new-password",
		hint: `At least ${LIMITS.passwordMinLength} characters.`,
	},
	{
		name: "repeated",
		label: "Repeat the password",
		type: "password",
		autoComplete: "new-password",
		hint: undefined,
	},
] as const;

export function SetupForm() {
	const token = useSearchParams().get("token") ?? "";
	const setupRequired = useSetupRequired();
	const [isDone, setDone] = useState(false);
	if (setupRequired === false && !isDone) {
		return (
			<AuthCard
				title="Larder is set up"
				description="An administrator exists already, so this link no longer does anything."
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
				title="The set-up link is incomplete"
				description="Open it just as the control plane printed it when it started, with everything after “token=”."
			>
				<span />
			</AuthCard>
		);
	}
	return <AdministratorForm token={token} onCreated={() => setDone(true)} />;
}

function AdministratorForm({ token, onCreated }: { token: string; onCreated: () => void }) {
	const trpc = useTRPC();
	const router = useRouter();
	const queryClient = useQueryClient();
	const [values, setValues] = useState<Record<FieldName, string>>({
		name: "",
		email: "",
		password: "",
		repeated: "",
	});
	const [issues, setIssues] = useState<ReadonlyMap<string, string>>(new Map());
	const create = useMutation(trpc.account.createAdministrator.mutationOptions());

	const submit = async (event: SubmitEvent<HTMLFormElement>) => {
		event.preventDefault();
		const { repeated, ...fields } = values;
		const parsed = createAdministratorInputSchema.safeParse({ ...fields, setupToken: token });
		const found = firstIssues(parsed.error);
		if (repeated !== values.password) found.set("repeated", "The two passwords differ.");
		setIssues(found);
		if (!parsed.success || found.size > 0) return;
		try {
			await create.mutateAsync(parsed.data);
		} catch (error) {
			const { field, message } = toApiProblem(error);
			if (field !== null) setIssues(new Map([[field, asSentence(message)]]));
			return;
		}
		onCreated();
		const { email, password } = parsed.data;
		const { error } = await authClient.signIn.email({ email, password });
		queryClient.clear();
		router.replace(error === null ? "/caches" : "/login");
	};

	const isPending = create.isPending || create.isSuccess;
	const isFieldProblem = create.isError && FIELDS.some(({ name }) => issues.has(name));
	return (
		<AuthCard
			title="Create the administrator"
			description="The first account of this control plane. It may do everything."
		>
			<form onSubmit={submit} noValidate className="flex flex-col gap-4">
				{create.isError && !isFieldProblem && (
					<ProblemBanner title="The account couldn't be created" error={create.error} />
				)}
				{FIELDS.map(({ name, hint, ...field }, index) => (
					<FormTextField
						key={name}
						name={name}
						{...field}
						{...(hint === undefined ? {} : { hint })}
						autoFocus={index === 0}
						value={values[name]}
						onChange={(value) => setValues((old) => ({ ...old, [name]: value }))}
						error={issues.get(name)}
					/>
				))}
				<Button type="submit" fullWidth isPending={isPending} className="mt-1">
					{isPending ? "Creating…" : "Create administrator"}
				</Button>
			</form>
		</AuthCard>
	);
}
