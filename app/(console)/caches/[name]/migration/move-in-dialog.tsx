"use client";

import { useState } from "react";
import type { Cache } from "../../../../../server/contract/cache-view.ts";
import { startMigrationInputSchema } from "../../../../../server/contract/migration.ts";
import { toApiProblem } from "../../../../_lib/api-problem.ts";
import { firstIssues } from "../../../../_lib/form-issues.ts";
import { CheckField } from "../../../../_ui/check-field.tsx";
import { FormDialog } from "../../../../_ui/form-dialog.tsx";
import { FormTextField } from "../../../../_ui/form-fields.tsx";
import { Banner, ProblemBanner } from "../../../../_ui/notices.tsx";
import { SwitchField } from "../../../../_ui/switch-field.tsx";
import { useMigrationChanges } from "./use-migration.ts";

interface MoveInDialogProps {
	cache: Cache;
	onClose: () => void;
}

const EMPTY = { host: "", port: "6379", username: "", password: "", tlsCa: "" };
type Field = keyof typeof EMPTY;

/** Where the data is that the cache should take over. Mounted while it is open. */
export function MoveInDialog({ cache, onClose }: MoveInDialogProps) {
	const [draft, setDraft] = useState(EMPTY);
	const [touched, setTouched] = useState<ReadonlySet<Field>>(new Set());
	const [tls, setTls] = useState(false);
	const [tlsVerify, setTlsVerify] = useState(true);
	const [isConfirmed, setConfirmed] = useState(false);
	const { start } = useMigrationChanges(cache.name, onClose);
	const request = {
		...{ name: cache.name, host: draft.host.trim(), port: Number(draft.port), tls },
		...(draft.username === "" ? {} : { username: draft.username }),
		...(draft.password === "" ? {} : { password: draft.password }),
		...(tls && draft.tlsCa.trim() !== "" && tlsVerify ? { tlsCa: draft.tlsCa } : {}),
		...(tls && !tlsVerify ? { tlsVerify } : {}),
		...(isConfirmed ? { replaceData: true } : {}),
	};
	const parsed = startMigrationInputSchema.safeParse(request);
	const issues = firstIssues(parsed.error);
	const refusal = start.isError ? toApiProblem(start.error) : null;
	const fieldProps = (field: Field) => ({
		...{ name: field, value: draft[field], autoComplete: "off" as const },
		onChange: (value: string) => {
			setDraft((old) => ({ ...old, [field]: value }));
			if (start.isError) start.reset();
		},
		onBlur: () => setTouched((old) => new Set([...old, field])),
		error: touched.has(field) ? issues.get(field) : undefined,
	});
	return (
		<FormDialog
			onClose={onClose}
			title={`Move data into ${cache.name}`}
			size="lg"
			action="Check and start"
			isDisabled={!parsed.success}
			isPending={start.isPending}
			onSubmit={() => parsed.success && start.mutate(parsed.data)}
		>
			{refusal !== null && (
				<ProblemBanner title="Nothing was moved, and nothing was deleted" error={start.error} />
			)}
			<p>
				Larder copies everything from a running Redis (up to 7.2) or Valkey, follows its writes, and
				lets the cache take its place when you say so. Its clients go on reading and writing
				meanwhile.
			</p>
			<div className="grid gap-4 sm:grid-cols-[minmax(0,1fr)_7rem]">
				<FormTextField
					{...fieldProps("host")}
					label="Host"
					autoFocus
					isMonospace
					hint="As the cache's hosts reach it. Of a cluster, any node."
				/>
				<FormTextField {...fieldProps("port")} label="Port" inputMode="numeric" isMonospace />
			</div>
			<div className="grid gap-4 sm:grid-cols-2">
				<FormTextField {...fieldProps("username")} label="User" isOptional isMonospace />
				<FormTextField
					{...fieldProps("password")}
					autoComplete="new-password"
					label="Password"
					isOptional
					type="password"
				/>
			</div>
			<SwitchField label="The source speaks TLS" name="tls" isOn={tls} onChange={setTls} />
			{tls && (
				<SwitchField
					label="Verify its certificate"
					name="tlsVerify"
					isOn={tlsVerify}
					onChange={setTlsVerify}
					hint={
						tlsVerify
							? "Larder refuses a source whose certificate it doesn't trust."
							: "Any certificate is accepted. Whoever can redirect the connection can read the password and the data."
					}
				/>
			)}
			{tls && tlsVerify && (
				<FormTextField
					{...fieldProps("tlsCa")}
					label="Certificate authority"
					isOptional
					isMultiline
					isMonospace
					rows={4}
					placeholder="-----BEGIN CERTIFICATE-----"
					hint="In PEM format, if no public authority signed the source's certificate."
				/>
			)}
			<Banner tone="warning" title={`What ${cache.name} holds now will be deleted`}>
				<p>
					Larder checks the source first. If nothing is in the way, it empties the cache, and until
					the migration ends, the cache's clients can only read.
				</p>
			</Banner>
			<CheckField
				label={`Replace the data of ${cache.name}`}
				isChecked={isConfirmed}
				onChange={setConfirmed}
			/>
		</FormDialog>
	);
}
