"use client";

import { Button } from "@heroui/react";
import { type SubmitEvent, useEffect, useRef, useState } from "react";
import { ButtonLink } from "../../../_ui/button-link.tsx";
import { ForAdministrators } from "../../../_ui/for-administrators.tsx";
import { ProblemBanner } from "../../../_ui/notices.tsx";
import { OnlyAdministrators } from "../../../_ui/only-administrators.tsx";
import { PageHeader } from "../../../_ui/page-header.tsx";
import { Segmented } from "../../../_ui/segmented.tsx";
import { pageHeadAt } from "../../../_ui/shell/page-heads.ts";
import { AvailabilityFields } from "./availability-fields.tsx";
import { EasyFields } from "./easy-fields.tsx";
import { EngineCards, EngineVersionField } from "./engine-fields.tsx";
import { KindChoice } from "./kind-choice.tsx";
import { NameFields } from "./name-fields.tsx";
import { SecurityFold } from "./security-fold.tsx";
import { ServerlessFields } from "./serverless-fields.tsx";
import { ServerlessSummary } from "./serverless-summary.tsx";
import { ParametersFold, PlacementFold } from "./settings-folds.tsx";
import { Summary } from "./summary.tsx";
import { TopologyFields } from "./topology-fields.tsx";
import { useWizard, type Wizard } from "./use-wizard.ts";

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
			<CreateCacheForm />
		</ForAdministrators>
	);
}

function CreateCacheForm() {
	const wizard = useWizard();
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
				{...HEAD}
				actions={
					!isServerless && (
						<Segmented label="Mode" value={mode} options={MODES} onChange={setMode} />
					)
				}
			/>
			<form
				ref={formRef}
				onSubmit={submit}
				noValidate
				aria-label={HEAD.title}
				className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_25rem]"
			>
				<div className="flex min-w-0 flex-col gap-6">
					{form.error !== null && (
						<ProblemBanner title="The cache wasn't created" error={form.error} />
					)}
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
								<ButtonLink href="/caches" variant="outline">
									Cancel
								</ButtonLink>
								<Button type="submit" isPending={form.isBusy}>
									{form.isBusy ? "Creating…" : "Create cache"}
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
			</div>
		</>
	);
}
