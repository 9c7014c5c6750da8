"use client";

import { Button } from "@heroui/react";
import dynamic from "next/dynamic";
import { type SubmitEvent, useEffect, useRef, useState } from "react";
import type { Snapshot } from "../../../../server/contract/snapshot.ts";
import { useUrlParams } from "../../../_lib/use-url-params.ts";
import { ButtonLink } from "../../../_ui/button-link.tsx";
import { ForAdministrators } from "../../../_ui/for-administrators.tsx";
import { ProblemBanner } from "../../../_ui/notices.tsx";
import { OnlyAdministrators } from "../../../_ui/only-administrators.tsx";
import { type Crumb, PageHeader } from "../../../_ui/page-header.tsx";
import { Segmented } from "../../../_ui/segmented.tsx";
import { pageHeadAt } from "../../../_ui/shell/page-heads.ts";
import { AvailabilityFields } from "./availability-fields.tsx";
import { BackupsFold } from "./backups-fold.tsx";
import { EasyFields } from "./easy-fields.tsx";
import { EngineCards, EngineVersionField } from "./engine-fields.tsx";
import { KindChoice } from "./kind-choice.tsx";
import { NameFields } from "./name-fields.tsx";
import { PersistenceFold } from "./persistence-fold.tsx";
import { RestoreGate } from "./restore-gate.tsx";
import { SecurityFold } from "./security-fold.tsx";
import { ServerlessFields } from "./serverless-fields.tsx";
import { ServerlessSummary } from "./serverless-summary.tsx";
import { ParametersFold, PlacementFold } from "./settings-folds.tsx";
import { Summary } from "./summary.tsx";
import { TopologyFields } from "./topology-fields.tsx";
import { useWizard, type Wizard } from "./use-wizard.ts";

/** Most caches begin empty. */
const RestorePanel = dynamic(async () => (await import("./restore-panel.tsx")).RestorePanel);

const MODES = [
	{ value: "easy", label: "Easy" },
	{ value: "custom", label: "Custom" },
] as const;

const HEAD = pageHeadAt("/caches/create");

export function CreateCache() {
	return (
		<ForAdministrators
			otherwise={
				<>
					<PageHeader {...HEAD} />
					<OnlyAdministrators
						what="create caches"
						back={{ href: "/caches", label: "Back to caches" }}
					/>
				</>
			}
		>
			<FormOfAddress />
		</ForAdministrators>
	);
}

const RESTORE_HEAD: { title: string; crumbs: readonly Crumb[] } = {
	title: "Restore a snapshot",
	crumbs: [{ label: "Backups", href: "/backups" }, { label: "Restore a snapshot" }],
};

/** The form, for an empty cache or for one that begins with the snapshot that the address names. */
function FormOfAddress() {
	const snapshot = useUrlParams().params.get("snapshot");
	if (snapshot === null) return <CreateCacheForm key="" origin={null} />;
	return (
		<RestoreGate name={snapshot} head={RESTORE_HEAD}>
			{(origin) => <CreateCacheForm key={origin.name} origin={origin} />}
		</RestoreGate>
	);
}

function CreateCacheForm({ origin }: { origin: Snapshot | null }) {
	const wizard = useWizard(origin);
	const head = origin === null ? HEAD : RESTORE_HEAD;
	const action = origin === null ? "Create cache" : "Restore into new cache";
	const { form, mode, setMode } = wizard;
	const isServerless = form.draft.kind === "serverless";
	const Review = isServerless ? ServerlessSummary : Summary;
	const formRef = useRef<HTMLFormElement>(null);
	/** The field to focus once it is rendered: its fold may still be closed, or Easy mode may not show it. */
	const [fault, setFault] = useState<string | null>(null);

	useEffect(() => {
		if (fault === null) return;
		const input = formRef.current?.querySelector<HTMLElement>(`[name="${fault}"]`);
		if (input == null) return;
		setFault(null);
		input.focus();
		input.scrollIntoView({ block: "center" });
	});
	const goTo = (field: string) => {
		setFault(field);
		if (field !== "name" && mode === "easy" && !isServerless) setMode("custom");
	};
	const submit = (event: SubmitEvent<HTMLFormElement>) => {
		event.preventDefault();
		void form.submit().then((first) => first !== null && goTo(first));
	};
	const { refusedField } = form;
	useEffect(() => {
		if (refusedField !== null) goTo(refusedField);
		// Moves focus to a refused field once, when the refusal arrives.
	}, [refusedField]);

	return (
		<>
			<PageHeader
				{...head}
				actions={
					!isServerless &&
					origin === null && (
						<Segmented label="Mode" value={mode} options={MODES} onChange={setMode} />
					)
				}
			/>
			<form
				ref={formRef}
				onSubmit={submit}
				noValidate
				aria-label={head.title}
				className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_25rem]"
			>
				<div className="flex min-w-0 flex-col gap-6">
					{form.error !== null && (
						<ProblemBanner title="The cache wasn't created" error={form.error} />
					)}
					{origin !== null && <RestorePanel form={form} snapshot={origin} />}
					<KindChoice wizard={wizard} />
					{isServerless ? (
						<ServerlessFields wizard={wizard} />
					) : mode === "easy" ? (
						<EasyFields wizard={wizard} />
					) : (
						<CustomFields wizard={wizard} />
					)}
				</div>
				<div className="min-w-0 lg:sticky lg:top-17">
					<Review
						form={form}
						footer={
							<>
								<ButtonLink href={origin === null ? "/caches" : "/backups"} variant="outline">
									Cancel
								</ButtonLink>
								<Button type="submit" isPending={form.isBusy}>
									{form.isBusy ? "Creating…" : action}
								</Button>
							</>
						}
					/>
				</div>
			</form>
		</>
	);
}

function CustomFields({ wizard }: { wizard: Wizard }) {
	const { form } = wizard;
	return (
		<>
			<NameFields wizard={wizard} />
			<EngineCards wizard={wizard} />
			<EngineVersionField form={form} />
			<TopologyFields form={form} />
			<AvailabilityFields form={form} />
			<div className="flex flex-col gap-3">
				<SecurityFold form={form} />
				<PlacementFold form={form} />
				<ParametersFold form={form} />
				<PersistenceFold form={form} />
				{form.draft.engine !== "memcached" && <BackupsFold form={form} />}
			</div>
		</>
	);
}
