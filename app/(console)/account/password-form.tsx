"use client";

import { Button, toast } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { changePasswordInputSchema } from "../../../server/contract/account.ts";
import { LIMITS } from "../../../server/contract/limits.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { asSentence, firstIssues } from "../../_lib/form-issues.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";

const FIELDS = [
	{
		name: "currentPassword",
		label: "Current password",
		autoComplete: "current-password",
		hint: undefined,
	},
	{
		name: "newPassword",
		label: "New password",
		autoComplete: "new-password",
		hint: `At least ${LIMITS.passwordMinLength} characters, and not a common password.`,
	},
	{
		name: "repeated",
		label: "Repeat the new password",
		autoComplete: "new-password",
		hint: undefined,
	},
] as const;

type Values = Record<(typeof FIELDS)[number]["name"], string>;
const EMPTY: Values = { currentPassword: "", newPassword: "", repeated: "" };

function doneMessage(endedSessions: number): string {
	if (endedSessions === 0) return "Your password was changed";
	const others = endedSessions === 1 ? "1 other session" : `${endedSessions} other sessions`;
	return `Your password was changed, and ${others} ended`;
}

export function PasswordForm() {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	const [values, setValues] = useState(EMPTY);
	const [issues, setIssues] = useState<ReadonlyMap<string, string>>(new Map());
	const change = useMutation(
		trpc.account.changePassword.mutationOptions({
			gcTime: 0,
			onSuccess: ({ endedSessions }) => {
				setValues(EMPTY);
				void queryClient.invalidateQueries({ queryKey: trpc.account.sessions.queryKey() });
				toast.success(doneMessage(endedSessions));
			},
			onError: (error) => {
				const { field, message } = toApiProblem(error);
				if (field !== null) setIssues(new Map([[field, asSentence(message)]]));
			},
		}),
	);
	const submit = (event: SubmitEvent<HTMLFormElement>) => {
		event.preventDefault();
		const { repeated, ...fields } = values;
		const parsed = changePasswordInputSchema.safeParse(fields);
		const found = firstIssues(parsed.error);
		if (repeated !== values.newPassword) found.set("repeated", "The two passwords differ.");
		setIssues(found);
		if (parsed.success && found.size === 0) change.mutate(parsed.data);
	};
	return (
		<form onSubmit={submit} noValidate className="flex max-w-sm flex-col gap-4">
			<p className="text-sm text-muted">
				Changing your password signs you out of all other browsers. Your API tokens keep working.
			</p>
			{change.isError && issues.size === 0 && (
				<ProblemBanner title="The password wasn't changed" error={change.error} />
			)}
			{FIELDS.map(({ name, label, autoComplete, hint }) => (
				<FormTextField
					key={name}
					type="password"
					{...{ name, label, autoComplete, hint }}
					value={values[name]}
					onChange={(value) => setValues((old) => ({ ...old, [name]: value }))}
					error={issues.get(name)}
				/>
			))}
			<Button type="submit" isPending={change.isPending} className="self-start">
				Change password
			</Button>
		</form>
	);
}
