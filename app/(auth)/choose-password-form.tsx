"use client";

import { Button } from "@heroui/react";
import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type ReactNode, type SubmitEvent, useState } from "react";
import type { z } from "zod";
import { LIMITS } from "../../server/contract/limits.ts";
import { toApiProblem } from "../_lib/api-problem.ts";
import { authClient } from "../_lib/auth-client.ts";
import { asSentence, firstIssues } from "../_lib/form-issues.ts";
import { FormTextField } from "../_ui/form-fields.tsx";
import { ProblemBanner } from "../_ui/notices.tsx";
import { AuthCard } from "./auth-card.tsx";

const FIELDS = [
	{ name: "name", label: "Name", type: "text", autoComplete: "name", hint: undefined },
	{ name: "email", label: "Email", type: "email", autoComplete: "username", hint: undefined },
	{
		name: "password",
		label: "Password",
		type: "password",
		autoComplete: "new-password",
		hint: `At least ${LIMITS.passwordMinLength} characters, and not a common password.`,
	},
	{
		name: "repeated",
		label: "Repeat the password",
		type: "password",
		autoComplete: "new-password",
		hint: undefined,
	},
] as const;

type Values = Record<(typeof FIELDS)[number]["name"], string>;

interface ChoosePasswordFormProps<Input> {
	title: string;
	description: ReactNode;
	/** Null if the form must ask for it. */
	email: string | null;
	/** False for an account that already has a name. */
	asksName?: boolean;
	action: string;
	/** The action's label while it is under way. */
	pending: string;
	/** What didn't happen, if the action failed. */
	failure: string;
	parse: (values: Omit<Values, "repeated">) => z.ZodSafeParseResult<Input>;
	store: {
		mutateAsync: (input: Input) => Promise<unknown>;
		isPending: boolean;
		isSuccess: boolean;
		isError: boolean;
		error: unknown;
	};
	/** Called once the password is set, before signing in. */
	onDone?: () => void;
}

/** Asks for a password for a new or existing account, stores it and signs in. */
export function ChoosePasswordForm<Input extends { password: string }>(
	props: ChoosePasswordFormProps<Input>,
) {
	const { title, description, email, asksName = true, action, pending, failure } = props;
	const { parse, store, onDone } = props;
	const router = useRouter();
	const queryClient = useQueryClient();
	const [values, setValues] = useState<Values>({
		name: "",
		email: email ?? "",
		password: "",
		repeated: "",
	});
	const [issues, setIssues] = useState<ReadonlyMap<string, string>>(new Map());
	const fields = FIELDS.filter(
		({ name }) => (name !== "email" || email === null) && (name !== "name" || asksName),
	);

	const submit = async (event: SubmitEvent<HTMLFormElement>) => {
		event.preventDefault();
		const { repeated, ...given } = values;
		const parsed = parse(given);
		const found = firstIssues(parsed.error);
		if (repeated !== values.password) found.set("repeated", "The two passwords differ.");
		setIssues(found);
		if (!parsed.success || found.size > 0) return;
		try {
			await store.mutateAsync(parsed.data);
		} catch (error) {
			const { field, message } = toApiProblem(error);
			if (field !== null) setIssues(new Map([[field, asSentence(message)]]));
			return;
		}
		onDone?.();
		const { password } = parsed.data;
		const { error } = await authClient.signIn.email({ email: values.email.trim(), password });
		queryClient.clear();
		router.replace(error === null ? "/caches" : "/login");
	};

	const isPending = store.isPending || store.isSuccess;
	const isFieldProblem = store.isError && fields.some(({ name }) => issues.has(name));
	return (
		<AuthCard title={title} description={description}>
			<form onSubmit={submit} noValidate className="flex flex-col gap-4">
				{store.isError && !isFieldProblem && <ProblemBanner title={failure} error={store.error} />}
				{email !== null && (
					// For password managers, which store the password under it.
					<input type="hidden" name="email" autoComplete="username" value={email} />
				)}
				{fields.map(({ name, hint, ...field }, index) => (
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
					{isPending ? pending : action}
				</Button>
			</form>
		</AuthCard>
	);
}
