"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { createStoreInputSchema } from "../../../server/contract/store.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { asSentence, issuesByPath } from "../../_lib/form-issues.ts";
import { randomId } from "../../_lib/random-id.ts";
import { useTRPCClient } from "../../_lib/trpc.ts";
import { ChoiceCard } from "../../_ui/choice-card.tsx";
import { FormDialog } from "../../_ui/form-dialog.tsx";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";
import { SelectField } from "../../_ui/select-field.tsx";
import { SwitchField } from "../../_ui/switch-field.tsx";
import { bindField } from "./bind-field.ts";
import { AddressingField, KeyFields, ServiceFields } from "./bucket-fields.tsx";
import { IdentityDialog } from "./identity-dialog.tsx";
import { creationOf, NEW_STORE, type StoreDraft } from "./store-draft.ts";
import { useStoresChanged } from "./use-stores-changed.ts";

const KINDS = [
	{
		kind: "directory",
		title: "Directory",
		detail: "Of the control plane's machine, such as a mounted disk of another one.",
	},
	{
		kind: "s3",
		title: "S3-compatible bucket",
		detail: "Of AWS, or of any service that speaks S3.",
	},
] as const;

const ENCRYPTIONS = [
	{ value: "none", label: "None" },
	{
		value: "new-key",
		label: "age, with a new key",
		detail: "Larder makes the secret key and shows it once.",
	},
	{ value: "own-key", label: "age, with your own key", detail: "You give the secret key." },
] as const satisfies readonly { value: StoreDraft["encryption"]; label: string; detail?: string }[];

/** Mounted while it is open. */
export function CreateStoreDialog({ onClose }: { onClose: () => void }) {
	const client = useTRPCClient();
	const onChanged = useStoresChanged();
	const [draft, setDraft] = useState<StoreDraft>(NEW_STORE);
	const [tried, setTried] = useState({ text: "", key: "" });
	const change = (changed: Partial<StoreDraft>) =>
		setDraft((before) => ({ ...before, ...changed }));
	const input = creationOf(draft);
	const text = JSON.stringify(input);
	const parsed = createStoreInputSchema.safeParse(input);
	const create = useMutation({
		mutationFn: ({ key }: { key: string }) =>
			client.stores.create.mutate(input, { context: { idempotencyKey: key } }),
		gcTime: 0,
		onSuccess: ({ identity }) => {
			onChanged();
			if (identity === null) onClose();
		},
	});
	// The answer is about what was sent, and not about what was typed since.
	const isSame = tried.text === text;
	const problem = create.isError && isSame ? toApiProblem(create.error) : null;
	const issues = tried.text === "" ? new Map<string, string>() : issuesByPath(parsed.error);
	const shownAt = ["name", "path", "identity"];
	const errorAt = (field: string) =>
		issues.get(field) ??
		issues.get(`s3.${field}`) ??
		(problem?.field === field && shownAt.includes(field) ? asSentence(problem.message) : undefined);
	const identity = create.data?.identity ?? null;
	if (identity !== null) {
		return <IdentityDialog store={create.data?.name ?? ""} identity={identity} onClose={onClose} />;
	}
	const { kind, encryption, usesKeys } = draft;
	const form = { draft, onChange: change, errorAt };
	return (
		<FormDialog
			onClose={onClose}
			title="Create a store"
			action="Test and create"
			size="lg"
			isPending={create.isPending}
			onSubmit={() => {
				// Sending the same again is the same request, however the first attempt ended.
				const next = { text, key: isSame && create.isError ? tried.key : randomId() };
				setTried(next);
				if (parsed.success) create.mutate(next);
			}}
		>
			{problem !== null && !shownAt.includes(problem.field ?? "") && (
				<ProblemBanner title="The store doesn't work, and wasn't created" error={create.error} />
			)}
			<FormTextField
				label="Name"
				{...bindField(form, "name")}
				autoFocus
				hint="Lower-case letters, digits and hyphens. It can't be changed later."
			/>
			<fieldset>
				<legend className="mb-1.5 text-sm font-medium">Kind</legend>
				<div className="grid gap-3 sm:grid-cols-2">
					{KINDS.map(({ kind: value, title, detail }) => (
						<ChoiceCard
							key={value}
							name="kind"
							value={value}
							isChosen={kind === value}
							onChoose={() => change({ kind: value })}
							title={title}
						>
							{detail}
						</ChoiceCard>
					))}
				</div>
			</fieldset>
			{kind === "directory" ? (
				<FormTextField
					label="Directory"
					{...bindField(form, "path")}
					placeholder="/mnt/nas/larder"
					isMonospace
					hint="It must be empty, absent, or have been a store before. Larder marks it, and writes nothing while the mark is missing, such as while a disk isn't mounted."
				/>
			) : (
				<>
					<div className="grid gap-4 sm:grid-cols-2">
						<FormTextField label="Bucket" {...bindField(form, "bucket")} hint="It must exist." />
						<FormTextField
							label="Prefix"
							{...bindField(form, "prefix")}
							isOptional
							placeholder="larder/"
							hint="Before the names of all objects."
						/>
					</div>
					<ServiceFields {...form} />
					<AddressingField
						isNew
						value={draft.addressing}
						onChange={(addressing) => change({ addressing })}
					/>
					<SwitchField
						label="Sign in with an access key"
						name="usesKeys"
						isOn={usesKeys}
						onChange={(next) => change({ usesKeys: next })}
						hint="Without one, Larder uses what the control plane's machine has, such as an instance's role."
					/>
					{usesKeys && <KeyFields {...form} secretHint="Larder encrypts it, and never shows it." />}
				</>
			)}
			<SelectField
				label="Encryption"
				value={encryption}
				options={ENCRYPTIONS}
				onChange={(value) => {
					const chosen = ENCRYPTIONS.find((each) => each.value === value);
					if (chosen !== undefined) change({ encryption: chosen.value });
				}}
				hint="An encrypted store holds age files, which nobody can read or forge without the secret key. It can't be changed later."
			/>
			{encryption === "own-key" && (
				<FormTextField
					label="Secret key"
					type="password"
					{...bindField(form, "identity")}
					autoComplete="new-password"
					placeholder="AGE-SECRET-KEY-1…"
					hint="An age identity, as age-keygen makes it."
				/>
			)}
			<p className="text-[0.8125rem] text-muted">
				Larder first writes, reads, compares and deletes a small object. If that fails, it creates
				nothing.
			</p>
		</FormDialog>
	);
}
