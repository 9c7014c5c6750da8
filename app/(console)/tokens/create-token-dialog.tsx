"use client";

import { Button } from "@heroui/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { type SubmitEvent, useId, useState } from "react";
import type { TokenScope } from "../../../server/contract/access.ts";
import { createTokenInputSchema, TOKEN_DAYS_DEFAULT } from "../../../server/contract/token.ts";
import { asSentence, firstIssues } from "../../_lib/form-issues.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ChoiceCard } from "../../_ui/choice-card.tsx";
import { CodeBlock } from "../../_ui/code-block.tsx";
import { Dialog } from "../../_ui/dialog.tsx";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { Banner, ProblemBanner } from "../../_ui/notices.tsx";
import { SelectField } from "../../_ui/select-field.tsx";

const NEVER = "never";
const LIFETIMES = [
	{ value: "30", label: "30 days" },
	{ value: "90", label: "90 days" },
	{ value: "365", label: "1 year" },
	{ value: NEVER, label: "Never expires" },
];

const SCOPES = [
	{
		value: "read-only",
		label: "Read-only",
		detail: "Can read everything except passwords. For dashboards, exporters and inventories.",
	},
	{
		value: "full",
		label: "Full access",
		detail:
			"Can do everything an administrator can, including revealing passwords and managing users.",
	},
] as const;

/** Mounted while it is open. */
export function CreateTokenDialog({ onClose }: { onClose: () => void }) {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	const formId = useId();
	const [name, setName] = useState("");
	const [scope, setScope] = useState<TokenScope>("read-only");
	const [days, setDays] = useState(String(TOKEN_DAYS_DEFAULT));
	const [error, setError] = useState<string | undefined>();
	const create = useMutation(
		trpc.tokens.create.mutationOptions({
			gcTime: 0,
			onSuccess: () => queryClient.invalidateQueries({ queryKey: trpc.tokens.list.queryKey() }),
		}),
	);
	const submit = (event: SubmitEvent<HTMLFormElement>) => {
		event.preventDefault();
		const parsed = createTokenInputSchema.safeParse({
			name,
			scope,
			expiresInDays: days === NEVER ? null : Number(days),
		});
		setError(firstIssues(parsed.error).get("name"));
		if (parsed.success) create.mutate(parsed.data);
	};
	const created = create.data;
	return (
		<Dialog
			onClose={onClose}
			isDismissable={created === undefined}
			title={created === undefined ? "Create an API token" : `Token ${created.name}`}
			footer={
				created === undefined ? (
					<>
						<Button variant="outline" onPress={onClose}>
							Cancel
						</Button>
						<Button type="submit" form={formId} isPending={create.isPending}>
							Create token
						</Button>
					</>
				) : (
					<Button onPress={onClose}>I have stored it</Button>
				)
			}
		>
			{create.isError && <ProblemBanner title="No token was created" error={create.error} />}
			{created === undefined ? (
				<form id={formId} onSubmit={submit} noValidate className="flex flex-col gap-4">
					<FormTextField
						label="Name"
						name="name"
						value={name}
						onChange={setName}
						autoFocus
						autoComplete="off"
						hint="What uses it, such as ci or backup-script."
						error={error === undefined ? undefined : asSentence(error)}
					/>
					<fieldset className="flex flex-col gap-1.5">
						<legend className="mb-1.5 text-sm font-medium">Scope</legend>
						<div className="grid gap-3 sm:grid-cols-2">
							{SCOPES.map(({ value, label, detail }) => (
								<ChoiceCard
									key={value}
									name="scope"
									value={value}
									isChosen={scope === value}
									onChoose={() => setScope(value)}
									title={label}
								>
									{detail}
								</ChoiceCard>
							))}
						</div>
					</fieldset>
					<SelectField label="Expires after" value={days} options={LIFETIMES} onChange={setDays} />
				</form>
			) : (
				<>
					<Banner tone="warning" icon={TriangleAlert} title="Copy it now">
						Larder shows the token only once and stores only a hash of it.
					</Banner>
					<CodeBlock code={created.token} copyLabel="Copy token" wrap />
					<p className="text-muted">Send it with every call:</p>
					<CodeBlock
						code={`curl -H "Authorization: Bearer $LARDER_TOKEN" ${window.location.origin}/api/v1/caches`}
						copyLabel="Copy example call"
						wrap
					/>
				</>
			)}
		</Dialog>
	);
}
